import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, writeFrameHeader } from "./frame.ts";
import type { ByteRange } from "./memory-tail.ts";
import { type Segment, segmentName } from "./segment.ts";
import type { SegmentStorage } from "./segment-storage.ts";
import type { TailEntry } from "./tail-entry.ts";

/** A header and its bytes are two buffers; one system call takes 1024 (IOV_MAX). */
export const MAX_BATCH_ENTRIES = 512;

/** The segments of a log, oldest first. One write and one removal may be under way at a time, and any number of reads. */
export class SegmentList {
  readonly #storage: SegmentStorage;
  readonly #segmentBytes: number;
  #segments: Segment[];
  /** The segment being written, once it is in the list: it cannot be dropped. */
  #writing: string | undefined;
  /** No longer in the list, but not deleted yet. */
  #dropped: string[] = [];

  constructor(storage: SegmentStorage, segmentBytes: number, segments: readonly Segment[]) {
    this.#storage = storage;
    this.#segmentBytes = segmentBytes;
    this.#segments = [...segments];
  }

  /** The offset of the oldest byte kept; undefined if there is none. */
  get start(): number | undefined {
    return this.#segments[0]?.start;
  }

  /** There are files to delete. */
  get hasDropped(): boolean {
    return this.#dropped.length > 0;
  }

  /** The segment that holds a byte; undefined if none does. */
  find(offset: number): Segment | undefined {
    const segment = this.#segments[this.#indexAfter(offset) - 1];
    return segment !== undefined && offset < segment.end ? segment : undefined;
  }

  /** Where the next segment after an offset begins; undefined if there is none. */
  startAfter(offset: number): number | undefined {
    return this.#segments[this.#indexAfter(offset)]?.start;
  }

  /** How many bytes of frames go well into one write at an offset: what is left of a segment, or all of the next one. */
  roomAt(offset: number): number {
    const last = this.#segments.at(-1);
    const left = last?.end === offset ? this.#segmentBytes - last.fileBytes : 0;
    return left >= FRAME_HEADER_BYTES + MAX_FRAME_BYTES ? left : this.#segmentBytes;
  }

  /**
   * Writes entries of the memory tail behind what is there, or all of them to a new segment, or throws. `onWritten` is
   * called at the moment when the list has them: what is dropped then is dropped in both places.
   */
  async write(entries: readonly TailEntry[], onWritten: () => void): Promise<void> {
    const buffers = framesOf(entries);
    const fileBytes = totalBytes(buffers);
    const segment = this.#segmentFor(entries, fileBytes);
    if (segment === undefined) return;
    this.#writing = segment.name;
    try {
      await this.#storage.write(segment.name, segment.fileBytes, buffers);
    } catch (error) {
      if (segment.fileBytes === 0) await this.#removeUnwritten(segment.name);
      throw error;
    } finally {
      this.#writing = undefined;
    }
    if (segment.fileBytes > 0) this.#segments.pop();
    const bytes = fileBytes - entries.length * FRAME_HEADER_BYTES;
    this.#segments.push({ ...segment, end: segment.end + bytes, fileBytes: segment.fileBytes + fileBytes });
    onWritten();
  }

  /** Takes segments that end before an offset off the list, and gives what they held. Their files are still to be deleted. */
  dropBefore(offset: number): readonly ByteRange[] {
    const ranges: ByteRange[] = [];
    for (;;) {
      const oldest = this.#segments[0];
      if (oldest === undefined || oldest.end > offset || oldest.name === this.#writing) return ranges;
      this.#segments.shift();
      this.#dropped.push(oldest.name);
      ranges.push({ from: oldest.start, to: oldest.end });
    }
  }

  /** Takes segments off the list that somebody else has deleted, and gives what they held. */
  async dropMissing(): Promise<readonly ByteRange[]> {
    const known = new Set(this.#segments.map((segment) => segment.name));
    const found = new Set((await this.#storage.list()).map((segment) => segment.name));
    const isMissing = ({ name }: Segment) => known.has(name) && !found.has(name) && name !== this.#writing;
    const missing = this.#segments.filter(isMissing);
    this.#segments = this.#segments.filter((segment) => !isMissing(segment));
    return missing.map(({ start, end }) => ({ from: start, to: end }));
  }

  /** Deletes the files of dropped segments; what could not be deleted is tried again next time. */
  async removeDropped(): Promise<void> {
    for (let name = this.#dropped[0]; name !== undefined; name = this.#dropped[0]) {
      await this.#storage.remove(name);
      this.#dropped.shift();
    }
  }

  #segmentFor(entries: readonly TailEntry[], fileBytes: number): Segment | undefined {
    const first = entries[0];
    if (first === undefined) return undefined;
    const last = this.#segments.at(-1);
    if (last?.end === first.offset && last.fileBytes + fileBytes <= this.#segmentBytes) return last;
    const start = { start: first.offset, stderrBefore: first.stderrBefore };
    return { ...start, name: segmentName(start), end: first.offset, fileBytes: 0 };
  }

  async #removeUnwritten(name: string): Promise<void> {
    try {
      await this.#storage.remove(name);
    } catch {
      // Best effort on a disk that has just refused a write; whoever opens the log again finds whole frames or none in it.
    }
  }

  /** The index of the first segment that begins after an offset. */
  #indexAfter(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function framesOf(entries: readonly TailEntry[]): readonly Buffer[] {
  const headers = Buffer.allocUnsafe(entries.length * FRAME_HEADER_BYTES);
  return entries.flatMap(({ stream, data }, index) => {
    const at = index * FRAME_HEADER_BYTES;
    writeFrameHeader(headers, at, { stream, length: data.length });
    return [headers.subarray(at, at + FRAME_HEADER_BYTES), data];
  });
}

function totalBytes(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}
