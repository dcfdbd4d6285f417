import assert from "node:assert/strict";
import fc from "fast-check";
import { decodableLength } from "../../src/node-red/utf8-boundary.ts";

describe("utf8-boundary", () => {
  it("text decoded in pieces is the text decoded as a whole, wherever it is cut", () => {
    const text = fc.string({ unit: "binary", maxLength: 20 }).map((value) => Buffer.from(value));
    fc.assert(
      fc.property(text, fc.array(fc.nat(60)), (bytes, cuts) => {
        assert.equal(decodeInPieces(bytes, cuts), bytes.toString());
      }),
    );
  });

  it("bytes that are no UTF-8 decode in pieces as they do as a whole", () => {
    // Mostly bytes from the edges of the encoding's ranges, where the rules change.
    const edge = fc.constantFrom(
      ...[0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed],
      ...[0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff],
    );
    const bytes = fc.array(edge, { maxLength: 12 }).map((values) => Buffer.from(values));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(12)), (all, cuts) => {
        assert.equal(decodeInPieces(all, cuts), all.toString());
      }),
      { numRuns: 5000 },
    );
  });

  it("an unfinished character is held back, a finished one is not", () => {
    const euro = Buffer.from("€");
    assert.deepEqual(
      [1, 2, 3].map((length) => decodableLength(euro.subarray(0, length))),
      [0, 0, 3],
    );
  });

  it("a byte that nothing can complete is not held back", () => {
    assert.equal(decodableLength(Buffer.from([0x61, 0xff])), 2);
    assert.equal(decodableLength(Buffer.from([0xe0, 0x80])), 2);
    assert.equal(decodableLength(Buffer.from([0x80, 0x80, 0x80, 0x80])), 4);
  });
});

/** Decodes as a stream's reader does: what cannot be decoded yet waits for the next piece. */
function decodeInPieces(bytes: Buffer, cuts: readonly number[]): string {
  const edges = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  let text = "";
  let waiting = Buffer.alloc(0);
  let from = 0;
  for (const to of edges) {
    const piece = Buffer.concat([waiting, bytes.subarray(from, to)]);
    const length = decodableLength(piece);
    text += piece.toString("utf8", 0, length);
    waiting = piece.subarray(length);
    from = to;
  }
  return text + waiting.toString();
}
