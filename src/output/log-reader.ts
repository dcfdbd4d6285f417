import type { OutputChunk, OutputData, OutputGap, ReadOptions } from "../session/output-log.ts";
import type { Bell } from "./bell.ts";
import type { Segment } from "./segment.ts";
import type { SegmentCursor } from "./segment-reader.ts";
import { giveBack, lend, type TailEntry } from "./tail-entry.ts";

/** What a reader finds at an offset: output in memory or a gap, a segment to read on in, nothing yet, or the end. */
export type ReadStep =
  | { readonly kind: "memory"; readonly entry: TailEntry }
  | OutputGap
  | { readonly kind: "segment"; readonly segment: Segment }
  | { readonly kind: "wait" }
  | { readonly kind: "end" };

/** Where to read in a segment, and the way there if it is known. */
export interface SegmentRequest {
  readonly segment: Segment;
  readonly from: number;
  readonly cursor: SegmentCursor | undefined;
}

export interface SegmentFinding {
  readonly chunks: readonly OutputChunk[];
  readonly cursor: SegmentCursor | undefined;
}

/** A log as its readers see it. */
export interface ReadSource {
  look(offset: number): ReadStep;
  /** No chunks: look again, for the segment is no longer there. */
  readSegment(request: SegmentRequest): Promise<SegmentFinding>;
  /** Rings when a reader that waits may find something. */
  readonly news: Bell;
}

/** A reader is a position in the log and nothing more: however slow it is, it holds no output but the piece it reads. */
export function readLog(source: ReadSource, options: ReadOptions): AsyncIterable<OutputChunk> {
  return { [Symbol.asyncIterator]: () => iterate(source, options) };
}

function iterate(
  source: ReadSource,
  { offset = 0, signal, borrow = false }: ReadOptions,
): AsyncIterator<OutputChunk> {
  const reading = { borrow, hasStopped: signal?.aborted ?? false };
  const stop = () => {
    reading.hasStopped = true;
    source.news.ring();
  };
  const letGo = () => signal?.removeEventListener("abort", stop);
  signal?.addEventListener("abort", stop);
  const chunks = readOn(source, offset, reading, letGo);
  return {
    next: () => chunks.next(),
    /** Ends also a `next()` that waits for output, which a generator's own return() would wait for. */
    return: () => {
      stop();
      letGo();
      return chunks.return(undefined);
    },
  };
}

async function* readOn(
  source: ReadSource,
  offset: number,
  reading: { readonly borrow: boolean; readonly hasStopped: boolean },
  letGo: () => void,
): AsyncGenerator<OutputChunk, undefined> {
  try {
    let at = offset;
    let cursor: SegmentCursor | undefined;
    while (!reading.hasStopped) {
      const step = source.look(at);
      if (step.kind === "end") return;
      if (step.kind === "wait") await source.news.wait();
      else if (step.kind === "segment") {
        const found = await source.readSegment({ segment: step.segment, from: at, cursor });
        cursor = found.cursor;
        for (const chunk of found.chunks) {
          if (reading.hasStopped) return;
          at = endOf(chunk);
          yield chunk;
        }
      } else if (step.kind === "memory") {
        const { entry } = step;
        const piece = pieceFrom(entry, at);
        at = endOf(piece);
        if (reading.borrow) {
          lend(entry);
          try {
            yield piece;
          } finally {
            giveBack(entry);
          }
        } else {
          yield { ...piece, data: copyOf(piece.data) };
        }
      } else {
        at = endOf(step);
        yield step;
      }
    }
  } finally {
    letGo();
  }
}

function pieceFrom({ stream, offset, data }: TailEntry, from: number): OutputData {
  return { kind: "data", stream, offset: from, data: data.subarray(from - offset) };
}

/** In memory of its own, which can be freed with it. */
function copyOf(data: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(data.length);
  data.copy(copy);
  return copy;
}

function endOf(chunk: OutputChunk): number {
  return chunk.offset + (chunk.kind === "data" ? chunk.data.length : chunk.bytes);
}
