import assert from "node:assert/strict";
import fc from "fast-check";
import { FRAME_HEADER_BYTES, FrameParser, type FrameType, frameHeader } from "../../src/api/frame.ts";
import { isSessionError } from "../../src/session/session-error.ts";

const LIMITS = { stdin: 100_000, stdout: 100_000, stderr: 100_000, control: 1000 };

interface Frame {
  readonly type: FrameType;
  readonly data: Buffer;
}

describe("a frame", () => {
  it("begins as Docker's do: the type, three zeros, the length", () => {
    assert.deepEqual([...frameHeader("stderr", 0x01_02_03_04)], [2, 0, 0, 0, 1, 2, 3, 4]);
    assert.deepEqual(
      (["stdin", "stdout", "stderr", "control"] as const).map((type) => frameHeader(type, 0)[0]),
      [0, 1, 2, 3],
    );
  });

  it("comes out as it went in, however the stream was cut", () => {
    const type = fc.constantFrom<FrameType>("stdin", "stdout", "stderr", "control");
    const frame = fc.record(
      { type, data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        fc.array(frame),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (frames, cuts) => {
          assert.deepEqual(parse(cut(encode(frames), cuts)), frames);
        },
      ),
    );
  });

  it("is not copied on its way out, unless it is a control message", () => {
    const bytes = encode([{ type: "stdout", data: Buffer.from("hello") }]);
    const [piece] = new FrameParser(LIMITS).push(bytes);
    assert.equal(piece?.data.buffer, bytes.buffer);
    assert.equal(piece?.data.byteOffset, bytes.byteOffset + FRAME_HEADER_BYTES);
  });

  it("comes in pieces as the stream does, the last of which says so", () => {
    const bytes = encode([{ type: "stdout", data: Buffer.from("hello") }]);
    const parser = new FrameParser(LIMITS);
    const pieces = [bytes.subarray(0, 10), bytes.subarray(10)].flatMap((chunk) => [...parser.push(chunk)]);
    assert.deepEqual(
      pieces.map(({ data, isLast }) => [data.toString(), isLast]),
      [
        ["he", false],
        ["llo", true],
      ],
    );
  });

  for (const [what, bytes] of [
    ["an unknown type", [4, 0, 0, 0, 0, 0, 0, 0]],
    ["something where zeros belong", [1, 0, 1, 0, 0, 0, 0, 0]],
    ["a length over the limit of its type", [3, 0, 0, 0, 0, 0, 4, 0]],
    ["a length beyond everything", [1, 0, 0, 0, 255, 255, 255, 255]],
  ] as const) {
    it(`with ${what} is refused before any of it is taken`, () => {
      assert.throws(() => [...new FrameParser(LIMITS).push(Buffer.from(bytes))], isBadRequest);
    });
  }

  it("of a type that may not be sent is refused, also an empty one", () => {
    assert.throws(() => [...new FrameParser({ control: 10 }).push(frameHeader("stdin", 0))], isBadRequest);
  });
});

function isBadRequest(error: unknown): boolean {
  return isSessionError(error) && error.code === "EXEC_BAD_REQUEST";
}

function encode(frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.flatMap(({ type, data }) => [frameHeader(type, data.length), data]));
}

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/** Whole frames again, whatever becomes of a chunk once it has been taken. */
function parse(chunks: readonly Buffer[]): Frame[] {
  const parser = new FrameParser(LIMITS);
  const frames: Frame[] = [];
  let parts: Buffer[] = [];
  for (const chunk of chunks) {
    for (const { type, data, isLast } of parser.push(chunk)) {
      parts.push(Buffer.from(data));
      if (!isLast) continue;
      frames.push({ type, data: Buffer.concat(parts) });
      parts = [];
    }
    chunk.fill(0xff);
  }
  return frames;
}
