import { freeBuffer } from "../session/free-buffer.ts";
import type { OutputStream } from "../session/output-log.ts";
import { Arena } from "./arena.ts";
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from "./frame.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { letGo, type TailEntry } from "./tail-entry.ts";

/** Output up to this size is copied to its neighbours: a frame for every byte would cost more than the copy. */
const SMALL_BYTES = 4 * 1024;
/** What an entry costs beyond its bytes, roughly, so that many tiny ones are bounded as well. */
const ENTRY_COST_BYTES = 256;
/** So many places of entries that have gone are cut off in one go. */
const MAX_GONE_ENTRIES = 256;

type Entry = { -readonly [Key in keyof TailEntry]: TailEntry[Key] } & {
  /** Nothing is joined to it any more. */
  isSealed: boolean;
};

export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** The newest output, in memory: first what is saved and kept for readers, then what is being saved, then what is unsaved. */
export class MemoryTail {
  readonly #budget: MemoryBudget;
  readonly #arena = new Arena();
  #entries: (Entry | undefined)[] = [];
  /** Index of the oldest entry. */
  #head = 0;
  /** Index of the oldest entry that is not saved. */
  #unsaved = 0;
  /** Index of the oldest entry that is not being saved either. */
  #untaken = 0;
  #end = 0;
  #stderrBytes = 0;
  #savedCost = 0;
  #unsavedCost = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** The offset of the oldest byte in memory; `end` if there is none. */
  get start(): number {
    return this.#entries[this.#head]?.offset ?? this.#end;
  }

  /** The offset of the oldest byte that is not saved; `end` if there is none. */
  get unsavedFrom(): number {
    return this.#entries[this.#unsaved]?.offset ?? this.#end;
  }

  /** How many bytes were ever added. */
  get end(): number {
    return this.#end;
  }

  get stderrBytes(): number {
    return this.#stderrBytes;
  }

  /** The memory that unsaved entries take. */
  get unsavedCost(): number {
    return this.#unsavedCost;
  }

  /** Adds output; owns the buffer from now on. */
  push(stream: OutputStream, data: Buffer): void {
    if (data.length <= SMALL_BYTES) {
      this.#pushSmall(stream, data);
      return;
    }
    for (let at = 0; at < data.length; at += MAX_FRAME_BYTES) {
      this.#pushEntry(stream, data.subarray(at, at + MAX_FRAME_BYTES), true);
    }
  }

  /** The entry that holds a byte; undefined if none does. Its bytes are gone when the entry is, but for those who borrow them. */
  find(offset: number): TailEntry | undefined {
    let low = this.#head;
    let high = this.#entries.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#offsetAt(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    const entry = this.#entries[low];
    return entry !== undefined && offset >= entry.offset && offset < entry.offset + entry.data.length
      ? entry
      : undefined;
  }

  /** The oldest unsaved entries, as many as fit but at least one; they do not change or go until `settle()`. */
  take(maxEntries: number, maxFrameBytes: number): readonly TailEntry[] {
    const taken: Entry[] = [];
    let frameBytes = 0;
    for (let index = this.#unsaved; taken.length < maxEntries; index++) {
      const entry = this.#entries[index];
      if (entry === undefined) break;
      frameBytes += FRAME_HEADER_BYTES + entry.data.length;
      if (frameBytes > maxFrameBytes && taken.length > 0) break;
      entry.isSealed = true;
      taken.push(entry);
    }
    this.#untaken = this.#unsaved + taken.length;
    return taken;
  }

  /** Tells whether what was taken is on disk now. */
  settle(isSaved: boolean): void {
    if (!isSaved) this.#untaken = this.#unsaved;
    for (; this.#unsaved < this.#untaken; this.#unsaved++) {
      const cost = costOf(this.#entries[this.#unsaved]);
      this.#unsavedCost -= cost;
      this.#savedCost += cost;
    }
  }

  /** Lets go of the oldest saved entries until no more than this is held of them. */
  evictSaved(maxCost: number): void {
    while (this.#savedCost > maxCost && this.#head < this.#unsaved) this.#shift();
  }

  /** Lets go of entries that end before an offset. The range that it gives was never saved. */
  dropBefore(offset: number): ByteRange {
    const from = this.unsavedFrom;
    while (this.#canShift() && this.#endAt(this.#head) <= offset) this.#shift();
    return { from, to: Math.max(from, this.unsavedFrom) };
  }

  /** Lets go of the oldest unsaved entries until less than this is held of them. The range that it gives was never saved. */
  dropUnsaved(maxCost: number): ByteRange {
    this.evictSaved(0);
    const from = this.unsavedFrom;
    while (this.#unsavedCost >= maxCost && this.#canShift()) this.#shift();
    return { from, to: this.unsavedFrom };
  }

  /** Lets go of everything. */
  clear(): void {
    this.#budget.add(-(this.#savedCost + this.#unsavedCost));
    for (const entry of this.#entries) if (entry !== undefined) letGo(entry);
    this.#entries = [];
    this.#head = this.#unsaved = this.#untaken = 0;
    this.#savedCost = this.#unsavedCost = 0;
    this.#arena.clear();
  }

  #pushSmall(stream: OutputStream, data: Buffer): void {
    const last = this.#entries.at(-1);
    const neighbour = last?.stream === stream && !last.isSealed ? last : undefined;
    const { length } = data;
    const bytes = this.#arena.add(data, neighbour?.data);
    freeBuffer(data);
    if (neighbour === undefined || bytes.length === length) {
      this.#pushEntry(stream, bytes, false);
    } else {
      neighbour.data = bytes;
      this.#count(stream, length, length);
    }
  }

  #pushEntry(stream: OutputStream, data: Buffer, isSealed: boolean): void {
    const entry = {
      stream,
      offset: this.#end,
      stderrBefore: this.#stderrBytes,
      data,
      borrowers: 0,
      isGone: false,
      isSealed,
    };
    this.#entries.push(entry);
    this.#count(stream, data.length, costOf(entry));
  }

  #count(stream: OutputStream, bytes: number, cost: number): void {
    this.#end += bytes;
    if (stream === "stderr") this.#stderrBytes += bytes;
    this.#unsavedCost += cost;
    this.#budget.add(cost);
  }

  #offsetAt(index: number): number {
    return this.#entries[index]?.offset ?? this.#end;
  }

  #endAt(index: number): number {
    return this.#offsetAt(index + 1);
  }

  /** What is being saved stays until that is settled. */
  #canShift(): boolean {
    return (
      this.#head < this.#entries.length && (this.#head < this.#unsaved || this.#unsaved === this.#untaken)
    );
  }

  #shift(): void {
    const entry = this.#entries[this.#head];
    const cost = costOf(entry);
    this.#budget.add(-cost);
    if (entry !== undefined) letGo(entry);
    this.#entries[this.#head] = undefined;
    if (this.#head < this.#unsaved) {
      this.#savedCost -= cost;
    } else {
      this.#unsavedCost -= cost;
      this.#untaken = ++this.#unsaved;
    }
    this.#head++;
    if (this.#head >= MAX_GONE_ENTRIES) this.#cutOff();
  }

  #cutOff(): void {
    this.#entries.splice(0, this.#head);
    this.#unsaved -= this.#head;
    this.#untaken -= this.#head;
    this.#head = 0;
  }
}

function costOf(entry: TailEntry | undefined): number {
  return entry === undefined ? 0 : entry.data.length + ENTRY_COST_BYTES;
}
