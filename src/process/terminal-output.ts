import { Readable } from "node:stream";
import type { ReadStream } from "node:tty";
import type { OutputSource } from "./output-source.ts";

/** What a terminal prints. Ends where the kernel says EIO, which is how it says that nobody has the slave open any more. */
export class TerminalOutput extends Readable implements OutputSource {
  readonly #source: ReadStream;

  constructor(source: ReadStream) {
    super();
    this.#source = source;
    source.on("data", (chunk) => {
      if (!this.push(chunk)) source.pause();
    });
    // What comes before an error has been pushed: a ReadStream of a terminal holds back nothing while it reads.
    source.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EIO") this.destroy(error);
    });
    source.once("close", () => this.push(null));
  }

  get receivedBytes(): number {
    return this.#source.bytesRead;
  }

  get isBackedUp(): boolean {
    return this.#source.isPaused();
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.destroy();
    callback(error);
  }
}
