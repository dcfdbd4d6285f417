import { Readable } from "node:stream";
import type { OutputSource } from "./output-source.ts";

/** What comes out of a pipe whose reading can be given up without an end that its writers never made. */
export class SeverableOutput extends Readable implements OutputSource {
  receivedBytes = 0;
  readonly #source: Readable;
  /** Until so much has come, nobody need read it. */
  #takenAhead = 0;
  #isSevered = false;

  constructor(source: Readable) {
    super();
    this.#source = source;
    source.on("data", (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      const hasRoom = this.push(chunk) || this.receivedBytes < this.#takenAhead;
      if (!hasRoom) source.pause();
    });
    source.once("close", () => {
      if (!this.#isSevered) this.push(null);
    });
  }

  get isBackedUp(): boolean {
    return this.#source.isPaused();
  }

  /** Takes in so many bytes more without waiting for its reader. */
  takeAhead(bytes: number): void {
    this.#takenAhead = this.receivedBytes + bytes;
    this.#source.resume();
  }

  /** Closes the pipe, so that its writers get EPIPE. Nothing more comes, but no end either. */
  sever(): void {
    this.#isSevered = true;
    this.#source.destroy();
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.destroy();
    callback(error);
  }
}
