import type { OutputGap } from "../session/output-log.ts";
import { Bell } from "./bell.ts";
import type { ReadSource, ReadStep, SegmentFinding, SegmentRequest } from "./log-reader.ts";
import type { ByteRange, MemoryTail } from "./memory-tail.ts";
import type { SegmentList } from "./segment-list.ts";
import { cursorAtStart, readPieces } from "./segment-reader.ts";
import { isSegmentMissing, type SegmentStorage } from "./segment-storage.ts";

export interface KeptOutputOptions {
  readonly storage: SegmentStorage;
  readonly segments: SegmentList;
  readonly tail: Pick<MemoryTail, "start" | "end" | "find">;
  /** Nothing before this offset is given to readers, whatever is there. */
  readonly firstOffset: number;
  /** Told what somebody else has deleted. */
  readonly onLost: (range: ByteRange) => void;
}

/** The output that a log still has, the older part in segments and the newest in memory, as readers see it. */
export class KeptOutput implements ReadSource {
  readonly news = new Bell();
  readonly #options: KeptOutputOptions;
  readonly #reads = new Set<Promise<unknown>>();
  #isFinished = false;
  #isClosed = false;

  constructor(options: KeptOutputOptions) {
    this.#options = options;
  }

  /** The offset of the oldest byte kept; the end if none is. */
  get start(): number {
    const { segments, tail, firstOffset } = this.#options;
    return Math.max(firstOffset, Math.min(segments.start ?? tail.start, tail.start));
  }

  /** Readers that have read everything end from now on. */
  finish(): void {
    this.#isFinished = true;
    this.news.ring();
  }

  /** Ends all readers; resolves when none holds a file any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.news.ring();
    await Promise.allSettled(this.#reads);
  }

  look(offset: number): ReadStep {
    const { segments, tail } = this.#options;
    if (this.#isClosed) return END;
    if (offset >= tail.end) return this.#isFinished ? END : WAIT;
    if (offset < this.start) return gap(offset, this.start);
    const entry = tail.find(offset);
    if (entry !== undefined) return { kind: "memory", entry };
    const segment = segments.find(offset);
    if (segment !== undefined) return { kind: "segment", segment };
    return gap(
      offset,
      Math.min(segments.startAfter(offset) ?? tail.end, offset < tail.start ? tail.start : tail.end),
    );
  }

  readSegment(request: SegmentRequest): Promise<SegmentFinding> {
    const read = this.#readSegment(request);
    this.#reads.add(read);
    const forget = () => this.#reads.delete(read);
    read.then(forget, forget);
    return read;
  }

  /** Forgets segments that somebody else has deleted. */
  async forgetMissing(): Promise<void> {
    for (const range of await this.#options.segments.dropMissing()) this.#options.onLost(range);
  }

  async #readSegment({ segment, from, cursor }: SegmentRequest): Promise<SegmentFinding> {
    const { storage, segments } = this.#options;
    const isOnTheWay = cursor?.name === segment.name && cursor.offset <= from;
    try {
      const request = { cursor: isOnTheWay ? cursor : cursorAtStart(segment), from };
      const { pieces, next } = await readPieces(storage, segment, request);
      // What is no frame hides all that follows it in the segment.
      return pieces.length > 0
        ? { chunks: pieces, cursor: next }
        : { chunks: [gap(from, segment.end)], cursor: undefined };
    } catch (error) {
      if (!isSegmentMissing(error)) throw error;
      await this.forgetMissing();
      if (segments.find(from)?.name === segment.name) throw error;
      return { chunks: [], cursor: undefined };
    }
  }
}

const WAIT: ReadStep = { kind: "wait" };
const END: ReadStep = { kind: "end" };

function gap(from: number, to: number): OutputGap {
  return { kind: "gap", offset: from, bytes: to - from };
}
