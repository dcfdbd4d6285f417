import { parseSegmentName, type Segment } from "./segment.ts";
import { cursorAtStart, readPieces } from "./segment-reader.ts";
import type { SegmentStorage } from "./segment-storage.ts";

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
 * Finds a log's segments. A frame that a crash has torn counts as not written. Only the last segment is read: that the
 * others are whole up to the next one's beginning shows when they are read.
 */
export async function recoverSegments(storage: SegmentStorage): Promise<RecoveredSegments> {
  const segments = await listSegments(storage);
  const last = segments.pop();
  if (last === undefined) return { segments, end: 0, stderrBytes: 0 };
  const { whole, stderrBytes } = await measure(storage, last);
  if (whole.fileBytes > 0) segments.push(whole);
  return { segments, end: whole.end, stderrBytes };
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

/** Reads a segment to the end of its last whole frame. */
async function measure(
  storage: SegmentStorage,
  segment: Segment,
): Promise<{ whole: Segment; stderrBytes: number }> {
  let cursor = cursorAtStart(segment);
  let stderrBytes = segment.stderrBefore;
  for (;;) {
    const { pieces, next } = await readPieces(storage, segment, { cursor, from: cursor.offset });
    cursor = next;
    if (pieces.length === 0) break;
    for (const piece of pieces) if (piece.stream === "stderr") stderrBytes += piece.data.length;
  }
  return { whole: { ...segment, end: cursor.offset, fileBytes: cursor.position }, stderrBytes };
}
