import type { Duplex } from "node:stream";
import { frameHeader } from "../api/frame.ts";
import type { OutputStream } from "../session/output-log.ts";

/** A piece of output as its connection gets it. */
export interface SentOutput {
  /** Absent: it goes without a frame around it. */
  readonly stream?: OutputStream;
  readonly data: Buffer;
}

/** Sends output. The system needs its bytes until this resolves; undefined: it has taken them, as it usually does at once. */
export function sendOutput(socket: Duplex, { stream, data }: SentOutput): Promise<void> | undefined {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.cork();
  if (stream !== undefined) socket.write(frameHeader(stream, data.length));
  // Whatever fails closes the connection too, which is how one learns of it.
  socket.write(data, () => resolve());
  socket.uncork();
  return socket.writableLength === 0 ? undefined : promise;
}
