/** Where a log keeps its segments, and small files beside them: a folder, or memory in tests. */
export interface SegmentStorage {
  /** The names and sizes of all that is there, in no order; empty if nothing is. */
  list(): Promise<readonly StoredSegment[]>;
  /**
   * Writes all buffers at a position, or throws. Position 0 makes the segment, whatever was there; any other needs it to
   * be there.
   */
  write(name: string, position: number, buffers: readonly Buffer[]): Promise<void>;
  /** Fills a buffer from a position on; less than full only at the end of the segment. Throws if there is no such segment. */
  read(name: string, position: number, into: Buffer): Promise<number>;
  /** All of a small file; undefined if there is none. */
  load(name: string): Promise<Buffer | undefined>;
  /** Puts a small file in the place of what is there, whole or not at all, or throws. */
  replace(name: string, content: Buffer): Promise<void>;
  /** Deletes a segment or a file; one that is not there is no error. */
  remove(name: string): Promise<void>;
}

export interface StoredSegment {
  readonly name: string;
  readonly bytes: number;
}

/** Whether an error of a storage says that the segment, or all of them, have been deleted. */
export function isSegmentMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
