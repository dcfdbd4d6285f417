import type { OutputLimits } from "../session/exec-config.ts";
import type { OutputTotals } from "../session/exec-session.ts";
import type { CloseOptions, OutputChunk, OutputLog, ReadOptions } from "../session/output-log.ts";
import type { Consumers } from "./consumers.ts";
import { KeptOutput } from "./kept-output.ts";
import { readLog } from "./log-reader.ts";
import type { RecoveredSegments } from "./recover-segments.ts";
import { unreadBytesOf } from "./retention.ts";
import { segmentBytesFor } from "./segment.ts";
import { SegmentList } from "./segment-list.ts";
import type { SegmentStorage } from "./segment-storage.ts";

export interface EndedLogOptions {
  readonly storage: SegmentStorage;
  readonly limits: OutputLimits;
  readonly recovered: RecoveredSegments;
  readonly consumers: Consumers;
  /** What the session's record says; the files know better where they hold more. */
  readonly totals: OutputTotals;
}

/** The log of an ended session, as its files hold it. It deletes nothing: that is up to whoever removes the session. */
export class EndedLog implements OutputLog {
  readonly #consumers: Consumers;
  readonly #kept: KeptOutput;
  readonly #end: number;
  readonly #stderrBytes: number;
  #truncated: number;

  constructor({ storage, limits, recovered, consumers, totals }: EndedLogOptions) {
    this.#consumers = consumers;
    const recordedEnd = totals.stdoutBytes + totals.stderrBytes;
    const end = Math.max(recordedEnd, recovered.end);
    this.#end = end;
    this.#stderrBytes = recovered.end < recordedEnd ? totals.stderrBytes : recovered.stderrBytes;
    this.#truncated = totals.truncated + end - Math.max(recovered.end, totals.firstOffset);
    this.#kept = new KeptOutput({
      storage,
      segments: new SegmentList(storage, segmentBytesFor(limits.maxBytes), recovered.segments),
      tail: { start: end, end, find: () => undefined },
      firstOffset: totals.firstOffset,
      onLost: (range) => {
        this.#truncated += unreadBytesOf(range, this.#consumers.slowest);
      },
    });
    this.#kept.finish();
  }

  get totals(): OutputTotals {
    return {
      stdoutBytes: this.#end - this.#stderrBytes,
      stderrBytes: this.#stderrBytes,
      firstOffset: this.#kept.start,
      truncated: this.#truncated,
    };
  }

  /** Refused: the session has ended. */
  append(): boolean {
    return false;
  }

  async room(): Promise<void> {}

  async finish(): Promise<void> {}

  read(options: ReadOptions = {}): AsyncIterable<OutputChunk> {
    return readLog(this.#kept, options);
  }

  register(consumer: string, offset: number): void {
    this.#consumers.register(consumer, offset, this.#end);
  }

  advance(consumer: string, offset: number): void {
    this.#consumers.advance(consumer, offset, this.#end);
  }

  position(consumer: string): number | undefined {
    return this.#consumers.position(consumer);
  }

  unregister(consumer: string): void {
    this.#consumers.unregister(consumer);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    await Promise.all([this.#kept.close(), this.#consumers.close(options)]);
  }
}
