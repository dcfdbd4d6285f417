import assert from "node:assert/strict";
import type { OutputChunk } from "../../src/session/output-log.ts";

/** A number of fifteen digits and a line feed. */
const LINE_BYTES = 16;
/** The number of the first line; all have as many digits. */
const FIRST = 100_000_000_000_000;
/** How far apart the lines are that are looked at: what is lost, repeated or exchanged moves all that follow. */
const STEP_BYTES = 4096;

/** A command that writes so many bytes, fast, of which each place can be told from all others. */
export function writeNumberedLines(bytes: number): [string, ...string[]] {
  return ["seq", String(FIRST), String(FIRST + bytes / LINE_BYTES - 1)];
}

/** A run of numbered lines, or of missing ones. */
export interface LineRange {
  readonly kind: "data" | "gap";
  readonly from: number;
  readonly to: number;
}

/** Puts chunks of numbered lines together. */
export class NumberedReading {
  readonly ranges: LineRange[] = [];
  at: number;

  constructor(offset = 0) {
    this.at = offset;
  }

  /** Throws if it is not what follows. */
  add(chunk: OutputChunk): void {
    assert.equal(chunk.offset, this.at, "a chunk begins where the one before it ended");
    const length = chunk.kind === "gap" ? chunk.bytes : chunk.data.length;
    if (chunk.kind === "data") assertNumbered(chunk.data, chunk.offset);
    this.at += length;
    const last = this.ranges.at(-1);
    if (last?.kind === chunk.kind) this.ranges[this.ranges.length - 1] = { ...last, to: this.at };
    else this.ranges.push({ kind: chunk.kind, from: chunk.offset, to: this.at });
  }
}

function assertNumbered(data: Buffer, offset: number): void {
  const first = (LINE_BYTES - (offset % LINE_BYTES)) % LINE_BYTES;
  for (let at = first; at + LINE_BYTES <= data.length; at += STEP_BYTES) {
    const line = data.toString("latin1", at, at + LINE_BYTES);
    assert.equal(line, `${FIRST + (offset + at) / LINE_BYTES}\n`);
  }
}
