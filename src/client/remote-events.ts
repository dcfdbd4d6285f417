import type { IncomingMessage } from "node:http";
import { sessionEventSchema } from "../api/session-event-schema.ts";
import type { SessionEvent } from "../session/session-event.ts";
import type { HostConnection } from "./host-connection.ts";
import { badAnswer, hostEnded } from "./host-failure.ts";
import { readJsonLines } from "./json-lines.ts";

export interface RemoteEventsOptions {
  readonly host: HostConnection;
  /** The host's answer, one event a line. */
  readonly answer: Promise<IncomingMessage>;
  readonly signal: AbortSignal | undefined;
}

/** Events as they come. Ends without error when `signal` aborts or this end is closed, with one when the connection breaks. */
export async function* readEvents({
  host,
  answer,
  signal,
}: RemoteEventsOptions): AsyncGenerator<SessionEvent, void> {
  try {
    for await (const raw of readJsonLines(await answer)) {
      if (signal?.aborted) return;
      const parsed = sessionEventSchema.safeParse(raw);
      if (!parsed.success) throw badAnswer("with an event of another form", parsed.error);
      yield parsed.data;
    }
  } catch (error) {
    if (!signal?.aborted && !host.isClosed) throw hostEnded(host.place, error);
  }
}
