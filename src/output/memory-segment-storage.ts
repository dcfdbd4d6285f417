import type { SegmentStorage, StoredSegment } from "./segment-storage.ts";

/** Segments in memory, for tests that need no disk. */
export class MemorySegmentStorage implements SegmentStorage {
  readonly #segments = new Map<string, Buffer>();

  /** A storage with the same segments, which goes its own way. */
  copy(): MemorySegmentStorage {
    const copy = new MemorySegmentStorage();
    for (const [name, bytes] of this.#segments) copy.#segments.set(name, bytes);
    return copy;
  }

  async list(): Promise<readonly StoredSegment[]> {
    return [...this.#segments].map(([name, bytes]) => ({ name, bytes: bytes.length }));
  }

  async write(name: string, position: number, buffers: readonly Buffer[]): Promise<void> {
    const before = position === 0 ? Buffer.alloc(0) : this.#find(name).subarray(0, position);
    this.#segments.set(name, Buffer.concat([before, ...buffers]));
  }

  async read(name: string, position: number, into: Buffer): Promise<number> {
    return this.#find(name).copy(into, 0, position);
  }

  async load(name: string): Promise<Buffer | undefined> {
    return this.#segments.get(name);
  }

  async replace(name: string, content: Buffer): Promise<void> {
    this.#segments.set(name, content);
  }

  async remove(name: string): Promise<void> {
    this.#segments.delete(name);
  }

  #find(name: string): Buffer {
    const segment = this.#segments.get(name);
    if (segment === undefined) {
      throw Object.assign(new Error(`ENOENT: no such segment, ${name}`), { code: "ENOENT" });
    }
    return segment;
  }
}
