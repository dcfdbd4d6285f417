import assert from "node:assert/strict";
import type { Recorded } from "../support/recording.ts";

/** What a flow was told of a session's output. */
export interface ToldOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Bytes that came more than once. */
  readonly repeatedBytes: number;
}

/**
 * Puts chunks that may overlap, as after a crash, together by their offsets, which count the bytes of both streams. Throws
 * if a byte is missing, or was told in two ways.
 */
export function assembleChunks(messages: readonly Recorded[]): ToldOutput {
  const pieces: { stream: "stdout" | "stderr"; offset: number; data: Buffer }[] = [];
  let end = 0;
  let repeatedBytes = 0;
  for (const { stream = "stdout", offset = 0, payload = EMPTY } of messages) {
    const data = Buffer.from(payload);
    if (data.length === 0) continue;
    assert.ok(offset <= end, `bytes ${end} to ${offset} of the output are missing`);
    const known = Math.min(data.length, end - offset);
    for (const piece of known === 0 ? [] : pieces) {
      const from = Math.max(offset, piece.offset);
      const to = Math.min(offset + known, piece.offset + piece.data.length);
      if (from >= to) continue;
      const before = piece.data.subarray(from - piece.offset, to - piece.offset);
      const isSame = piece.stream === stream && before.equals(data.subarray(from - offset, to - offset));
      assert.ok(isSame, `the bytes ${from} to ${to} of the output were told in two ways`);
    }
    repeatedBytes += known;
    if (known < data.length) pieces.push({ stream, offset: end, data: data.subarray(known) });
    end = Math.max(end, offset + data.length);
  }
  const bytesOf = (name: string) =>
    Buffer.concat(pieces.filter(({ stream }) => stream === name).map(({ data }) => data));
  return { stdout: bytesOf("stdout"), stderr: bytesOf("stderr"), repeatedBytes };
}

/** Puts lines together by their numbers. Throws if one is missing, or was told in two ways. */
export function assembleLines(messages: readonly Recorded[]): ToldOutput {
  const stdout = joinLines(messages.filter(({ stream }) => stream === "stdout"));
  const stderr = joinLines(messages.filter(({ stream }) => stream === "stderr"));
  return {
    stdout: stdout.bytes,
    stderr: stderr.bytes,
    repeatedBytes: stdout.repeatedBytes + stderr.repeatedBytes,
  };
}

function joinLines(messages: readonly Recorded[]): { bytes: Buffer; repeatedBytes: number } {
  const lines: Buffer[] = [];
  let repeatedBytes = 0;
  for (const { index = 0, payload = EMPTY, count } of messages) {
    const line = Buffer.from(payload);
    const before = lines[index];
    assert.ok(index <= lines.length, `the lines ${lines.length} to ${index - 1} are missing`);
    if (before === undefined) {
      lines.push(line);
      continue;
    }
    repeatedBytes += line.length;
    // The last one may be all that a killed session host has kept of it.
    const isSame = count === undefined ? line.equals(before) : line.equals(before.subarray(0, line.length));
    assert.ok(isSame, `line ${index} was told in two ways`);
  }
  return {
    bytes: Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line]))),
    repeatedBytes,
  };
}

const EMPTY = Buffer.alloc(0);
const NEWLINE = Buffer.from("\n");
