import type { Readable } from "node:stream";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { OutputLog, OutputStream } from "./output-log.ts";
import type { ExecProcess } from "./runtime.ts";

/** A quiet time after the command's end that shows that only a descendant still holds the output open. */
const DRAIN_IDLE_MS = 200;
/** A descendant that goes on writing is not waited for longer than this. */
const DRAIN_MAX_MS = 2000;
/** More than two full pipes hold (1 MiB each at the most): what comes beyond it was written after the command's end. */
const DRAIN_MAX_BYTES = 4 * 1024 * 1024;

/** Carries a process's output into its log, in the order in which it is read, with back-pressure. */
export class OutputPump {
  readonly #log: OutputLog;
  readonly #streams: Readable[] = [];
  readonly #eof: Promise<unknown>;
  #receivedBytes = 0;
  #isDraining = false;

  constructor(process: ExecProcess, log: OutputLog) {
    this.#log = log;
    const ends = [this.#carry("stdout", process.stdout), this.#carry("stderr", process.stderr)];
    this.#eof = Promise.all(ends);
  }

  /** Reads on to the end of all streams, once the command has ended. True: a descendant held them open, so reading was given up. */
  async drain(): Promise<boolean> {
    this.#isDraining = true;
    for (const stream of this.#streams) stream.resume();
    const giveUp = new AbortController();
    const isAtEnd = this.#eof.then(() => true);
    try {
      return !(await Promise.race([isAtEnd, this.#becomesIdle(giveUp.signal)]));
    } finally {
      giveUp.abort();
    }
  }

  #carry(name: OutputStream, stream: Readable | null): Promise<void> {
    if (stream === null) return Promise.resolve();
    this.#streams.push(stream);
    stream.on("data", (chunk: Buffer) => {
      this.#receivedBytes += chunk.length;
      // What is left in the pipes at the end is bounded, so a full log need not wait for its readers.
      if (!this.#log.append(name, chunk) && !this.#isDraining) this.#pauseUntilRoom(stream);
    });
    return new Promise((resolve) => {
      // A terminal reports its end as the error EIO; either way nothing more can be read.
      stream.once("error", () => resolve());
      stream.once("close", () => resolve());
      stream.once("end", () => resolve());
    });
  }

  #pauseUntilRoom(stream: Readable): void {
    stream.pause();
    this.#log.room().then(() => stream.resume());
  }

  /** Resolves with false when waiting longer would be waiting for a descendant. */
  async #becomesIdle(signal: AbortSignal): Promise<false> {
    const startBytes = this.#receivedBytes;
    const deadline = performance.now() + DRAIN_MAX_MS;
    let seenBytes = -1;
    while (this.#receivedBytes !== seenBytes && this.#receivedBytes - startBytes < DRAIN_MAX_BYTES) {
      if (performance.now() > deadline) break;
      seenBytes = this.#receivedBytes;
      try {
        await setTimeout(DRAIN_IDLE_MS, undefined, { signal });
        // After a blocked event loop timers fire before pending reads; give those their turn.
        await setImmediate(undefined, { signal });
      } catch {
        // Aborted: the streams have ended.
        return false;
      }
    }
    return false;
  }
}
