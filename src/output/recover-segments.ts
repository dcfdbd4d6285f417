import { parseSegmentName, type Segment } from "./segment.ts";
import { cursorAtStart, readPieces } from "./segment-reader.ts";
import { isSegmentMissing, type SegmentStorage } from "./segment-storage.ts";

/** What a log's files tell of it. */
export interface RecoveredSegments {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** The offset after the last whole frame; 0 if there is none. */
  readonly end: number;
  /** How much of the output before `end` was standard error. */
  readonly stderrBytes: number;
}

/**
 * Finds a log's segments. A frame that a crash has torn counts as not written. Only the last segment is read: whether the
 * others reach up to the next one's beginning shows when they are read.
 */
export async function recoverSegments(storage: SegmentStorage): Promise<RecoveredSegments> {
  const segments = await listSegments(storage);
  for (let last = segments.pop(); last !== undefined; last = segments.pop()) {
    const measured = await measure(storage, last);
    if (measured === undefined) continue;
    const { whole, stderrBytes } = measured;
    return { segments: whole.fileBytes > 0 ? [...segments, whole] : segments, end: whole.end, stderrBytes };
  }
  return { segments: [], end: 0, stderrBytes: 0 };
}

async function listSegments(storage: SegmentStorage): Promise<Segment[]> {
  const found = (await storage.list()).flatMap(({ name, bytes }) => {
    const start = parseSegmentName(name);
    return start === undefined ? [] : [{ ...start, name, fileBytes: bytes }];
  });
  found.sort((a, b) => a.start - b.start);
  return found.map((segment, index) => ({
    ...segment,
    end: found[index + 1]?.start ?? Number.MAX_SAFE_INTEGER,
  }));
}

interface Measured {
  readonly whole: Segment;
  readonly stderrBytes: number;
}

/** Reads a segment to the end of its last whole frame. Undefined: it has just been deleted. */
async function measure(storage: SegmentStorage, segment: Segment): Promise<Measured | undefined> {
  let cursor = cursorAtStart(segment);
  let stderrBytes = segment.stderrBefore;
  try {
    for (;;) {
      const { pieces, next } = await readPieces(storage, segment, { cursor, from: cursor.offset });
      cursor = next;
      if (pieces.length === 0)
        return { whole: { ...segment, end: cursor.offset, fileBytes: cursor.position }, stderrBytes };
      for (const piece of pieces) if (piece.stream === "stderr") stderrBytes += piece.data.length;
    }
  } catch (error) {
    if (isSegmentMissing(error)) return undefined;
    throw error;
  }
}
