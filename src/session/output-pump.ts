import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { OutputLog, OutputStream } from "./output-log.ts";
import type { ExecProcess } from "./runtime.ts";

/** A quiet time after the command's end that shows that only a descendant still holds the output open. */
const DRAIN_IDLE_MS = 200;
/** A descendant that goes on writing a little is not waited for longer than this. */
const DRAIN_MAX_MS = 2000;
/** More than two full pipes hold (1 MiB each at the most): what comes beyond it was written after the command's end. */
const DRAIN_MAX_BYTES = 4 * 1024 * 1024;

/** Carries a process's output into its log, in the order in which it is read, with back-pressure. */
export class OutputPump {
  readonly #log: OutputLog;
  readonly #streams: Readable[] = [];
  readonly #eof: Promise<unknown>;
  /** Resolves when draining has brought more than the command can have left behind. */
  readonly #overflow = Promise.withResolvers<void>();
  #stage: "running" | "draining" | "over" = "running";
  #receivedBytes = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #drainBytesLeft = DRAIN_MAX_BYTES;

  constructor(process: ExecProcess, log: OutputLog) {
    this.#log = log;
    const ends = [this.#carry("stdout", process.stdout), this.#carry("stderr", process.stderr)];
    this.#eof = Promise.all(ends);
  }

  /**
   * Reads on to the end of all streams, once the command has ended. True: a descendant held them open, so reading was
   * given up, and nothing more goes into the log.
   */
  async drain(): Promise<boolean> {
    this.#stage = "draining";
    for (const stream of this.#streams) stream.resume();
    try {
      const isAtEnd = await Promise.race([
        this.#eof.then(() => true),
        this.#overflow.promise.then(() => false),
        this.#becomesQuiet().then(() => false),
      ]);
      return !isAtEnd;
    } finally {
      this.#stage = "over";
      clearTimeout(this.#idleTimer);
      for (const stream of this.#streams) stream.pause();
    }
  }

  #carry(name: OutputStream, stream: Readable | null): Promise<void> {
    if (stream === null) return Promise.resolve();
    this.#streams.push(stream);
    stream.on("data", (chunk: Buffer) => {
      // The log may empty what it is given.
      const { length } = chunk;
      this.#receivedBytes += length;
      const hasRoom = this.#log.append(name, chunk);
      // What is left in the pipes at the end is bounded, so a full log need not wait for its readers.
      if (this.#stage === "draining") this.#countDrained(length);
      else if (!hasRoom) this.#pauseUntilRoom(stream);
    });
    return new Promise((resolve) => {
      // A terminal reports its end as the error EIO; either way nothing more can be read.
      stream.on("error", () => resolve());
      stream.once("close", () => resolve());
      stream.once("end", () => resolve());
    });
  }

  #pauseUntilRoom(stream: Readable): void {
    stream.pause();
    void this.#log.room().then(() => {
      if (this.#stage !== "over") stream.resume();
    });
  }

  #countDrained(bytes: number): void {
    this.#drainBytesLeft -= bytes;
    if (this.#drainBytesLeft <= 0) this.#overflow.resolve();
  }

  /** Resolves when waiting longer would be waiting for a descendant; not at all once draining is over. */
  async #becomesQuiet(): Promise<void> {
    const deadline = performance.now() + DRAIN_MAX_MS;
    let bytesBefore: number;
    do {
      bytesBefore = this.#receivedBytes;
      await new Promise((resolve) => {
        this.#idleTimer = setTimeout(resolve, DRAIN_IDLE_MS);
      });
      await this.#readPending();
    } while (this.#receivedBytes !== bytesBefore && performance.now() < deadline && this.#stage !== "over");
  }

  /** A blocked event loop lets timers fire before pending reads, so what is there is read before time is judged. */
  async #readPending(): Promise<void> {
    let bytesBefore: number;
    do {
      bytesBefore = this.#receivedBytes;
      await setImmediate();
    } while (this.#receivedBytes !== bytesBefore);
  }
}
