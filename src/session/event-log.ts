import { SessionError, showValue } from "./session-error.ts";
import type { SessionEvent, SessionEventBody } from "./session-event.ts";

/** Events kept for readers that come later or are slow; a reader overtaken by it sees a gap in `seq`. */
const KEPT_EVENTS = 4096;

export interface EventReadOptions {
  /** The number of the last event that the reader has. Absent: it wants only those to come. */
  readonly since?: number;
  readonly signal?: AbortSignal;
}

/** Numbers events and gives them to any number of readers, each once. */
export class EventLog {
  #events: SessionEvent[] = [];
  #lastSeq = 0;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  add(session: { readonly sessionId: string; readonly containerId: string }, body: SessionEventBody): void {
    this.#events.push({ seq: ++this.#lastSeq, time: new Date().toISOString(), ...session, ...body });
    // Dropping half at a time keeps the cost per event constant.
    if (this.#events.length > 2 * KEPT_EVENTS) this.#events = this.#events.slice(-KEPT_EVENTS);
    this.#wake();
  }

  /**
   * From the call on, or from after `since`; ends without error when `signal` aborts. A `since` beyond the last event was
   * an earlier service's number and counts as the last. Throws EXEC_INVALID_ARGUMENT if it is no event's number.
   */
  read({ since = this.#lastSeq, signal }: EventReadOptions = {}): AsyncGenerator<SessionEvent> {
    return this.#readAfter(since, signal);
  }

  /** Ends the readers once they have had what is kept. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *#readAfter(since: number, signal: AbortSignal | undefined): AsyncGenerator<SessionEvent> {
    assertSequenceNumber(since);
    let lastSeq = Math.min(since, this.#lastSeq);
    const onAbort = () => this.#wake();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!signal?.aborted) {
        const event = this.#firstAfter(lastSeq);
        if (event !== undefined) {
          lastSeq = event.seq;
          yield event;
        } else if (this.#isClosed) {
          return;
        } else {
          await this.#changed.promise;
        }
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #firstAfter(seq: number): SessionEvent | undefined {
    const firstKept = this.#lastSeq - this.#events.length + 1;
    return this.#events[Math.max(seq + 1 - firstKept, 0)];
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function assertSequenceNumber(since: number): void {
  if (Number.isSafeInteger(since) && since >= 0) return;
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `"since" must be an event's number, or 0 for all that are kept; got ${showValue(since)}.`,
    { details: { field: "since" } },
  );
}
