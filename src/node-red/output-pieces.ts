import { decodableLength } from "./utf8-boundary.ts";

/** How the bytes of a stream become messages. */
export interface PieceRule {
  /** As the bytes come, line by line, or all at the end. */
  readonly unit: "chunk" | "line" | "whole";
  /** Text is never cut inside a character. */
  readonly isText: boolean;
  /** The most bytes of a line, or of a whole output, that one message holds; more go into several. */
  readonly maxBytes: number;
}

/** Bytes of a stream, and where in the session's output they begin. */
export interface Slice {
  readonly offset: number;
  readonly data: Buffer;
}

/** What one message holds. */
export interface Piece extends Slice {
  /** The line, or the whole output, goes on in the next piece. */
  readonly isPartial: boolean;
}

/** How far a stream has been told. */
export interface StreamCursor {
  /** Bytes of the stream before this offset have been taken in by an earlier process. */
  readonly from: number;
  /** Messages sent so far. */
  sent: number;
  /** Bytes read and not sent yet: the beginning of a character, of a line or of the whole output. */
  pending: Slice[];
  pendingBytes: number;
  /** Bytes that were dropped before this stream's next message. */
  missingBytes: number;
}

export function createStreamCursor(): StreamCursor {
  return { from: 0, sent: 0, pending: [], pendingBytes: 0, missingBytes: 0 };
}

/** A cursor that can be moved on without this one. */
export function copyStreamCursor(cursor: StreamCursor): StreamCursor {
  return { ...cursor, pending: [...cursor.pending] };
}

/** Takes in bytes of a stream, which are only borrowed, and gives the pieces that are complete now, to be used at once. */
export function takePieces(cursor: StreamCursor, rule: PieceRule, slice: Slice): Piece[] {
  const pieces = takeComplete(cursor, rule, slice);
  keepPending(cursor, slice);
  return pieces;
}

function takeComplete(cursor: StreamCursor, rule: PieceRule, slice: Slice): Piece[] {
  switch (rule.unit) {
    case "chunk":
      return takeChunk(cursor, rule, slice);
    case "line":
      return takeLines(cursor, rule, slice);
    case "whole":
      append(cursor, slice);
      return takeExcess(cursor, rule);
  }
}

/** All that is pending, as one piece. Undefined: nothing is. */
export function takeRest(cursor: StreamCursor, isPartial: boolean): Piece | undefined {
  return cursor.pending.length === 0 ? undefined : takeFront(cursor, cursor.pendingBytes, isPartial);
}

function takeChunk(cursor: StreamCursor, rule: PieceRule, slice: Slice): Piece[] {
  append(cursor, slice);
  const length = rule.isText ? decodableLength(joinPending(cursor)) : cursor.pendingBytes;
  return length === 0 ? [] : [takeFront(cursor, length, false)];
}

function takeLines(cursor: StreamCursor, rule: PieceRule, slice: Slice): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (
    let newline = slice.data.indexOf(NEWLINE);
    newline !== -1;
    newline = slice.data.indexOf(NEWLINE, from)
  ) {
    append(cursor, subSlice(slice, from, newline));
    pieces.push(...takeExcess(cursor, rule), takeFront(cursor, cursor.pendingBytes, false));
    from = newline + 1;
  }
  if (from < slice.data.length) append(cursor, subSlice(slice, from, slice.data.length));
  pieces.push(...takeExcess(cursor, rule));
  return pieces;
}

const NEWLINE = 0x0a;

/**
 * Adds bytes to those that are pending. Neighbours are joined while the older one is not the longer: so many small chunks
 * take little memory, and each byte is copied only a few times.
 */
function append(cursor: StreamCursor, slice: Slice): void {
  cursor.pendingBytes += slice.data.length;
  let last = slice;
  for (let before = cursor.pending.at(-1); before !== undefined; before = cursor.pending.at(-1)) {
    const isNeighbour = before.offset + before.data.length === last.offset;
    if (!isNeighbour || before.data.length > last.data.length) break;
    last = { offset: before.offset, data: Buffer.concat([before.data, last.data]) };
    cursor.pending.pop();
  }
  cursor.pending.push(last);
}

/** Only the last one can be part of what was borrowed: all others were joined, or kept before. */
function keepPending({ pending }: StreamCursor, { data: borrowed }: Slice): void {
  const last = pending.at(-1);
  if (last?.data.buffer !== borrowed.buffer) return;
  pending[pending.length - 1] = { offset: last.offset, data: Buffer.from(last.data) };
}

/** Pieces of the full size, while more than that is pending. */
function takeExcess(cursor: StreamCursor, rule: PieceRule): Piece[] {
  const pieces: Piece[] = [];
  while (cursor.pendingBytes > rule.maxBytes) {
    const full = joinPending(cursor).subarray(0, rule.maxBytes);
    // A character longer than the whole piece would never fit; such a piece is cut where it ends.
    const length = (rule.isText && decodableLength(full)) || full.length;
    pieces.push(takeFront(cursor, length, true));
  }
  return pieces;
}

function takeFront(cursor: StreamCursor, length: number, isPartial: boolean): Piece {
  const joined = joinPending(cursor);
  const offset = cursor.pending[0]?.offset ?? 0;
  const rest: Slice[] = [];
  let skipped = 0;
  for (const slice of cursor.pending) {
    const cut = Math.min(slice.data.length, Math.max(0, length - skipped));
    if (cut < slice.data.length) rest.push(subSlice(slice, cut, slice.data.length));
    skipped += slice.data.length;
  }
  cursor.pending = rest;
  cursor.pendingBytes -= length;
  return { offset, data: joined.subarray(0, length), isPartial };
}

function joinPending({ pending }: StreamCursor): Buffer {
  const [only] = pending;
  return only !== undefined && pending.length === 1
    ? only.data
    : Buffer.concat(pending.map(({ data }) => data));
}

function subSlice({ offset, data }: Slice, from: number, to: number): Slice {
  return { offset: offset + from, data: data.subarray(from, to) };
}
