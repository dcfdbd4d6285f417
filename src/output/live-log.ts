import type { OutputLimits } from "../session/exec-config.ts";
import type { OutputTotals } from "../session/exec-session.ts";
import type {
  CloseOptions,
  OutputChunk,
  OutputLog,
  OutputLogObserver,
  OutputStream,
  ReadOptions,
} from "../session/output-log.ts";
import { errorText } from "../session/session-error.ts";
import { Bell } from "./bell.ts";
import { ConsumerPace } from "./consumer-pace.ts";
import { Consumers } from "./consumers.ts";
import { KeptOutput } from "./kept-output.ts";
import { readLog } from "./log-reader.ts";
import type { MemoryBudget, MemoryLimits } from "./memory-budget.ts";
import { type ByteRange, MemoryTail } from "./memory-tail.ts";
import { keepFrom, unreadBytes, unreadBytesOf } from "./retention.ts";
import { segmentBytesFor } from "./segment.ts";
import { SegmentList } from "./segment-list.ts";
import { isSegmentMissing, type SegmentStorage } from "./segment-storage.ts";
import { WriteBehind } from "./write-behind.ts";

export interface LiveLogOptions {
  readonly storage: SegmentStorage;
  readonly limits: OutputLimits;
  readonly observer: OutputLogObserver;
  readonly budget: MemoryBudget;
}

/** The log of a session from its start on, until it is closed. */
export class LiveLog implements OutputLog {
  readonly #limits: OutputLimits;
  readonly #observer: OutputLogObserver;
  readonly #budget: MemoryBudget;
  readonly #consumers: Consumers;
  readonly #tail: MemoryTail;
  readonly #segments: SegmentList;
  readonly #kept: KeptOutput;
  readonly #writeBehind: WriteBehind;
  readonly #pace = new ConsumerPace();
  readonly #roomNews = new Bell();
  #paceTimer: NodeJS.Timeout | undefined;
  #truncated = 0;
  #isLimitTold = false;
  #isClosed = false;
  #finishing: Promise<void> | undefined;

  constructor({ storage, limits, observer, budget }: LiveLogOptions) {
    this.#limits = limits;
    this.#observer = observer;
    this.#budget = budget;
    this.#consumers = new Consumers(storage);
    this.#tail = new MemoryTail(budget);
    this.#segments = new SegmentList(storage, segmentBytesFor(limits.maxBytes), []);
    this.#kept = new KeptOutput({
      storage,
      segments: this.#segments,
      tail: this.#tail,
      firstOffset: 0,
      onLost: (range) => this.#countLost(range),
    });
    this.#writeBehind = new WriteBehind({
      tail: this.#tail,
      segments: this.#segments,
      limits: () => this.#memoryLimits(),
      beforeWork: () => this.#consumers.saveIfPassed(this.#kept.start),
      onSettled: () => this.#update(),
      onFailure: (error, isFirst) => this.#onDiskFailure(error, isFirst),
    });
  }

  get totals(): OutputTotals {
    const { end, stderrBytes } = this.#tail;
    return {
      stdoutBytes: end - stderrBytes,
      stderrBytes,
      firstOffset: this.#kept.start,
      truncated: this.#truncated,
    };
  }

  /** After `finish()` there is nothing to add to, and the output is refused. */
  append(stream: OutputStream, data: Buffer): boolean {
    if (this.#finishing !== undefined) return false;
    if (data.length > 0) {
      this.#tail.push(stream, data);
      this.#update();
      this.#kept.news.ring();
    }
    return this.#hasRoom();
  }

  async room(): Promise<void> {
    while (!this.#hasRoom()) {
      this.#askAgainAtPace();
      await this.#roomNews.wait();
    }
  }

  finish(): Promise<void> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  read(options: ReadOptions = {}): AsyncIterable<OutputChunk> {
    return readLog(this.#kept, options);
  }

  register(consumer: string, offset: number): void {
    this.#consumers.register(consumer, offset, this.#tail.end);
    this.#update();
  }

  advance(consumer: string, offset: number): void {
    this.#consumers.advance(consumer, offset, this.#tail.end);
    this.#pace.note(this.#consumers.slowest);
    this.#update();
  }

  position(consumer: string): number | undefined {
    return this.#consumers.position(consumer);
  }

  unregister(consumer: string): void {
    this.#consumers.unregister(consumer);
    this.#update();
  }

  async close(options: CloseOptions = {}): Promise<void> {
    await Promise.all([this.#kept.close(), this.finish()]);
    this.#isClosed = true;
    await this.#writeBehind.stop();
    await this.#consumers.close(options);
    this.#tail.clear();
  }

  async #finish(): Promise<void> {
    this.#kept.finish();
    this.#roomNews.ring();
    const isSaved = await this.#writeBehind.drain();
    if (!isSaved) this.#countLost({ from: this.#tail.unsavedFrom, to: this.#tail.end });
    this.#update();
  }

  /** Drops what need not be kept and has the rest written in time. To be called whenever something has changed. */
  #update(): void {
    if (this.#isClosed) return;
    const extent = { start: this.#kept.start, end: this.#tail.end, slowest: this.#consumers.slowest };
    this.#tellLimit(unreadBytes(extent));
    this.#dropBefore(keepFrom(this.#limits, extent));
    const memory = this.#memoryLimits();
    const isRunning = this.#finishing === undefined;
    // Under the policy `block` the command waits for the disk instead.
    if (isRunning && this.#writeBehind.isStuck && this.#limits.policy !== "block") {
      this.#countLost(this.#tail.dropUnsaved(memory.unsavedBytes));
    }
    this.#tail.evictSaved(isRunning ? memory.tailBytes : 0);
    this.#writeBehind.schedule();
    if (this.#hasRoom()) this.#roomNews.ring();
  }

  #tellLimit(unread: number): void {
    if (this.#limits.policy !== "stop" || this.#isLimitTold || unread <= this.#limits.maxBytes) return;
    this.#isLimitTold = true;
    this.#observer.onLimit();
  }

  #dropBefore(offset: number): void {
    for (const range of this.#segments.dropBefore(offset)) this.#countLost(range);
    this.#countLost(this.#tail.dropBefore(offset));
  }

  #countLost(range: ByteRange): void {
    this.#truncated += unreadBytesOf(range, this.#consumers.slowest);
  }

  #hasRoom(): boolean {
    if (this.#finishing !== undefined) return true;
    if (this.#tail.unsavedCost >= this.#memoryLimits().unsavedBytes) return false;
    if (this.#paceMs() > 0) return false;
    if (this.#limits.policy !== "block") return true;
    const extent = { start: this.#kept.start, end: this.#tail.end, slowest: this.#consumers.slowest };
    return unreadBytes(extent) < this.#limits.maxBytes;
  }

  #paceMs(): number {
    const { slowest } = this.#consumers;
    return slowest === undefined ? 0 : this.#pace.waitMs(this.#tail.end - slowest);
  }

  #askAgainAtPace(): void {
    const waitMs = this.#paceMs();
    if (waitMs === 0) return;
    this.#paceTimer ??= setTimeout(() => {
      this.#paceTimer = undefined;
      this.#roomNews.ring();
    }, waitMs);
  }

  #memoryLimits(): MemoryLimits {
    return this.#budget.limits(this.#consumers.slowest === undefined ? null : this.#limits.replayBytes);
  }

  async #onDiskFailure(error: unknown, isFirst: boolean): Promise<void> {
    if (isFirst) {
      this.#observer.onError(
        new Error(`Output cannot be written to disk: ${errorText(error)}`, { cause: error }),
      );
    }
    if (!isSegmentMissing(error)) return;
    try {
      await this.#kept.forgetMissing();
    } catch {
      // The folder cannot be listed either; the next failure tries again.
    }
  }
}
