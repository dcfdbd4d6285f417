import { writeSync } from "node:fs";
import { Writable } from "node:stream";
import type { ReadStream } from "node:tty";
import { isErrno } from "./errno.ts";

/** A program that does not read its terminal is asked again so often. */
const FULL_RETRY_MS = 5;

/**
 * What is typed into a terminal. Ending it ends nothing, since a terminal has no end of input. Writes are synchronous,
 * because the master does not block; one on its way in the thread pool could hit another file once the master is closed.
 */
export class TerminalInput extends Writable {
  readonly #fd: number;
  readonly #source: ReadStream;
  #retry: NodeJS.Timeout | undefined;
  #callback: WriteCallback = () => {};

  constructor(fd: number, source: ReadStream) {
    super();
    this.#fd = fd;
    this.#source = source;
    source.once("close", () => this.destroy());
    // Writers are told by their callbacks; without a listener the same error would end the whole process.
    this.on("error", () => {});
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.#callback = callback;
    this.#writeOn(chunk);
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    clearTimeout(this.#retry);
    this.#settle(error ?? closedError());
    callback(error);
  }

  #writeOn(chunk: Buffer): void {
    let rest = chunk;
    try {
      while (rest.length > 0) {
        if (this.#source.destroyed) throw closedError();
        rest = rest.subarray(writeSync(this.#fd, rest));
      }
      this.#settle(null);
    } catch (error) {
      if (isErrno(error, "EAGAIN")) this.#retry = setTimeout(() => this.#writeOn(rest), FULL_RETRY_MS);
      else this.#settle(error instanceof Error ? error : closedError());
    }
  }

  #settle(error: Error | null): void {
    const callback = this.#callback;
    this.#callback = () => {};
    callback(error);
  }
}

type WriteCallback = (error?: Error | null) => void;

function closedError(): Error {
  return new Error("the terminal is closed");
}
