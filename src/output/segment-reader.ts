import type { OutputData, OutputStream } from "../session/output-log.ts";
import { FRAME_HEADER_BYTES, parseFrameHeader } from "./frame.ts";
import type { Segment } from "./segment.ts";
import type { SegmentStorage } from "./segment-storage.ts";

/** What one read of a segment takes, and so the most that a piece of output from disk can be. */
const BLOCK_BYTES = 256 * 1024;
/** Larger frames stand alone: moving their bytes together would cost more than another piece. */
const MAX_JOINED_BYTES = 16 * 1024;

/** Where to read: at a frame's header, whose first byte of output has this offset. */
export interface SegmentCursor {
  readonly name: string;
  readonly position: number;
  readonly offset: number;
}

export interface SegmentPieces {
  readonly pieces: readonly OutputData[];
  readonly next: SegmentCursor;
}

/** The cursor at a segment's first frame. */
export function cursorAtStart({ name, start }: Segment): SegmentCursor {
  return { name, position: 0, offset: start };
}

/**
 * The next pieces of a segment from an offset on, small frames of one stream joined. No pieces: what follows is no whole
 * frame. Throws if the segment is not there.
 */
export async function readPieces(
  storage: SegmentStorage,
  segment: Segment,
  { cursor, from }: { readonly cursor: SegmentCursor; readonly from: number },
): Promise<SegmentPieces> {
  let next = cursor;
  for (;;) {
    const start = next;
    const block = await readBlock(storage, segment, start.position);
    const runs: Run[] = [];
    next = walkFrames(block, { segment, start, from }, (frame) => addToRuns(runs, block, frame));
    if (runs.length > 0 || next.position === start.position) {
      return { pieces: runs.map((run) => pieceOf(run, block, from)), next };
    }
  }
}

/** Bytes of one stream at a place in a block; a frame, or several joined. */
interface Run {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly at: number;
  length: number;
}

interface Walk {
  readonly segment: Segment;
  readonly start: SegmentCursor;
  readonly from: number;
}

async function readBlock(storage: SegmentStorage, segment: Segment, position: number): Promise<Buffer> {
  const wanted = Math.max(0, Math.min(BLOCK_BYTES, segment.fileBytes - position));
  const block = Buffer.allocUnsafeSlow(wanted);
  return wanted === 0 ? block : block.subarray(0, await storage.read(segment.name, position, block));
}

/** Visits the whole frames of a block that reach beyond `from`; gives the place after the last one. */
function walkFrames(
  block: Buffer,
  { segment, start, from }: Walk,
  visit: (frame: Run) => void,
): SegmentCursor {
  let { offset } = start;
  let position = 0;
  while (position + FRAME_HEADER_BYTES <= block.length) {
    const header = parseFrameHeader(block, position);
    const at = position + FRAME_HEADER_BYTES;
    // A damaged header may claim any length; a true one ends within its segment, and within a block that begins with it.
    if (header === undefined || offset + header.length > segment.end) break;
    const isWanted = offset + header.length > from;
    if (isWanted && at + header.length > block.length) break;
    if (isWanted) visit({ stream: header.stream, offset, at, length: header.length });
    position = at + header.length;
    offset += header.length;
  }
  return { name: segment.name, position: start.position + position, offset };
}

/** Joins a frame to the run before it, by moving its bytes over the header between them. */
function addToRuns(runs: Run[], block: Buffer, frame: Run): void {
  const last = runs.at(-1);
  if (last?.stream !== frame.stream || frame.length > MAX_JOINED_BYTES) {
    runs.push(frame);
    return;
  }
  block.copyWithin(last.at + last.length, frame.at, frame.at + frame.length);
  last.length += frame.length;
}

function pieceOf({ stream, offset, at, length }: Run, block: Buffer, from: number): OutputData {
  const cut = Math.max(0, from - offset);
  return { kind: "data", stream, offset: offset + cut, data: block.subarray(at + cut, at + length) };
}
