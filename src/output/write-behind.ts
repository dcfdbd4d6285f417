import type { MemoryLimits } from "./memory-budget.ts";
import type { MemoryTail } from "./memory-tail.ts";
import { MAX_BATCH_ENTRIES, type SegmentList } from "./segment-list.ts";

/** A crash loses about so much time's output at the most, and a chatty session writes no more often than this. */
const WRITE_DELAY_MS = 1000;
/** Large enough for few system calls, small enough to free memory early. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export interface WriteBehindOptions {
  readonly tail: MemoryTail;
  readonly segments: SegmentList;
  /** How much memory the log may use now. */
  readonly limits: () => MemoryLimits;
  /** What has to be on disk before files are written or deleted; undefined: nothing, go on at once. Never rejects. */
  readonly beforeWork: () => Promise<void> | undefined;
  /** Called when something has been written, or could not be. */
  readonly onSettled: () => void;
  /** Called for every failure of the disk; `isFirst`: it worked before. */
  readonly onFailure: (error: unknown, isFirst: boolean) => Promise<void>;
}

/** Carries unsaved output from memory to the segments without holding up the command, and outlasts a disk that fails. */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  /** Output before this offset is to be written now. */
  #goal = 0;
  #work: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  #isDrained = false;
  #isStopped = false;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** The disk refuses output, and nothing is under way that may change that. */
  get isStuck(): boolean {
    return this.#isFailing && this.#work === undefined;
  }

  /** Deletes dropped segments and writes what memory has no room for now; writes what is left within the delay. */
  schedule(): void {
    if (this.#work !== undefined || this.#isStopped) return;
    const isDue = this.#options.segments.hasDropped || this.#hasSpilled();
    if (isDue && !this.#isFailing) void this.#start();
    else if (isDue || this.#hasUnsaved()) this.#startLater();
  }

  /** Writes all there is. False: the disk refused; no further attempt is made for what is unsaved. */
  async drain(): Promise<boolean> {
    const { tail } = this.#options;
    await this.#idle();
    this.#goal = tail.end;
    if (this.#hasUnsaved()) await this.#start();
    this.#isDrained = true;
    return tail.unsavedFrom === tail.end;
  }

  /** Starts nothing any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#idle();
  }

  /** What has been done may have made the next piece of work due. */
  async #idle(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  #hasUnsaved(): boolean {
    const { tail } = this.#options;
    return !this.#isDrained && tail.unsavedFrom < tail.end;
  }

  #hasSpilled(): boolean {
    const { tail, limits } = this.#options;
    return !this.#isDrained && tail.unsavedCost > limits().spillBytes;
  }

  #startLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#goal = this.#options.tail.end;
      if (this.#work === undefined) void this.#start();
    }, WRITE_DELAY_MS).unref();
  }

  #start(): Promise<void> {
    this.#work = this.#run().then(() => {
      this.#work = undefined;
      this.#options.onSettled();
    });
    return this.#work;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { segments, beforeWork, onSettled, onFailure } = this.#options;
    try {
      while (this.#isMoreToWrite() || segments.hasDropped) {
        const before = beforeWork();
        if (before !== undefined) await before;
        await this.#writeAndRemove();
        onSettled();
      }
      this.#isFailing = false;
    } catch (error) {
      const isFirst = !this.#isFailing;
      this.#isFailing = true;
      await onFailure(error, isFirst);
    }
  }

  /** Side by side: freeing a large file takes about as long as writing it, and makes room on a disk that is full. */
  async #writeAndRemove(): Promise<void> {
    const { segments } = this.#options;
    const write = this.#isMoreToWrite() ? this.#writeBatch() : undefined;
    const outcomes = await Promise.allSettled([write, segments.removeDropped()]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  #isMoreToWrite(): boolean {
    const { tail } = this.#options;
    if (this.#hasSpilled()) this.#goal = tail.end;
    return tail.unsavedFrom < this.#goal;
  }

  async #writeBatch(): Promise<void> {
    const { tail, segments } = this.#options;
    const room = Math.min(segments.roomAt(tail.unsavedFrom), MAX_BATCH_BYTES);
    const entries = tail.take(MAX_BATCH_ENTRIES, room);
    try {
      await segments.write(entries, () => tail.settle(true));
    } catch (error) {
      tail.settle(false);
      throw error;
    }
  }
}
