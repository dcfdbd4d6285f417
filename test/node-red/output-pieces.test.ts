import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createStreamCursor,
  type Piece,
  type PieceRule,
  takePieces,
  takeRest,
} from "../../src/node-red/output-pieces.ts";

const text: PieceRule = { unit: "chunk", isText: true, maxBytes: 1024 };
const bytes: PieceRule = { unit: "chunk", isText: false, maxBytes: 1024 };
const lines: PieceRule = { unit: "line", isText: true, maxBytes: 8 };
const whole: PieceRule = { unit: "whole", isText: false, maxBytes: 8 };

describe("output-pieces", () => {
  it("a character that arrives in two chunks is told with the second", () => {
    assert.deepEqual(feed(text, ["a\xe6\xb5", "\x8b\n"]), [
      { offset: 0, text: "a", isPartial: false },
      { offset: 1, text: "测\n", isPartial: false },
    ]);
  });

  it("bytes are told as they come", () => {
    assert.deepEqual(feed(bytes, ["\xe6", "\xb5"]).length, 2);
  });

  it("a line is told once its end has come, without its newline", () => {
    assert.deepEqual(feed(lines, ["one\ntw", "o\n\nend"]), [
      { offset: 0, text: "one", isPartial: false },
      { offset: 4, text: "two", isPartial: false },
      { offset: 8, text: "", isPartial: false },
      { offset: 9, text: "end", isPartial: false },
    ]);
  });

  it("a line longer than the limit is told in pieces, and a line of exactly the limit in one", () => {
    assert.deepEqual(feed(lines, ["12345678\n123456789", "0\n"]), [
      { offset: 0, text: "12345678", isPartial: false },
      { offset: 9, text: "12345678", isPartial: true },
      { offset: 17, text: "90", isPartial: false },
    ]);
  });

  it("a piece of a long line does not end inside a character", () => {
    const euros = Buffer.from("€€€€").toString("latin1");
    assert.deepEqual(
      feed(lines, [euros]).map((piece) => piece.text),
      ["€€", "€€"],
    );
  });

  it("a whole output is told at the end, in pieces if it is longer than the limit", () => {
    assert.deepEqual(feed(whole, ["123", "456"]), [{ offset: 0, text: "123456", isPartial: false }]);
    assert.deepEqual(feed(whole, ["123456", "789"]), [
      { offset: 0, text: "12345678", isPartial: true },
      { offset: 8, text: "9", isPartial: false },
    ]);
  });

  it("a piece tells where its first byte is, also when another stream's bytes came between", () => {
    const cursor = createStreamCursor();
    takePieces(cursor, lines, { offset: 0, data: Buffer.from("ab") });
    const [piece] = takePieces(cursor, lines, { offset: 100, data: Buffer.from("c\n") });
    assert.deepEqual(show(piece), { offset: 0, text: "abc", isPartial: false });
    takePieces(cursor, lines, { offset: 200, data: Buffer.from("1234567") });
    const [long] = takePieces(cursor, lines, { offset: 300, data: Buffer.from("89") });
    assert.deepEqual(show(long), { offset: 200, text: "12345678", isPartial: true });
    assert.deepEqual(show(takeRest(cursor, false)), { offset: 301, text: "9", isPartial: false });
  });

  it("what is pending is kept, whatever becomes of the bytes that it came in", () => {
    for (const rule of [text, lines, { ...whole, maxBytes: 100 }]) {
      const cursor = createStreamCursor();
      const told: Buffer[] = [];
      for (const piece of ["one\ntwo", " and a long end\n", "a\xe6\xb5"]) {
        const borrowed = Buffer.from(Buffer.from(piece, "latin1"));
        const pieces = takePieces(cursor, rule, { offset: 0, data: borrowed });
        told.push(...pieces.map(({ data }) => Buffer.from(data)));
        borrowed.fill("x");
      }
      const rest = takeRest(cursor, false);
      if (rest !== undefined) told.push(rest.data);
      const all = Buffer.concat(told).toString("latin1").replaceAll("\n", "");
      assert.equal(all, "onetwo and a long enda\xe6\xb5");
    }
  });

  it("a long line that comes byte by byte is kept in few slices", () => {
    const cursor = createStreamCursor();
    const rule: PieceRule = { unit: "line", isText: true, maxBytes: 1_000_000 };
    for (let offset = 0; offset < 10_000; offset++)
      takePieces(cursor, rule, { offset, data: Buffer.from("x") });
    assert.ok(cursor.pending.length < 20, `${cursor.pending.length} slices`);
    assert.equal(takeRest(cursor, false)?.data.length, 10_000);
  });

  it("whatever the bytes, the rule and the chunks: the pieces put together are the output", () => {
    const rule = fc.record({
      unit: fc.constantFrom("chunk" as const, "line" as const, "whole" as const),
      isText: fc.boolean(),
      maxBytes: fc.integer({ min: 1, max: 20 }),
    });
    const byte = fc.constantFrom(0x0a, 0x0d, 0x41, 0x80, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98);
    const chunk = fc.array(byte, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(rule, fc.array(chunk, { maxLength: 10 }), (anyRule, chunks) => {
        const cursor = createStreamCursor();
        const told: Buffer[] = [];
        const tell = (piece: Piece) => {
          told.push(piece.data);
          const endsLine = anyRule.unit === "line" && !piece.isPartial;
          if (endsLine) told.push(Buffer.from("\n"));
          const isBounded = anyRule.unit === "chunk" || piece.data.length <= anyRule.maxBytes;
          assert.ok(isBounded, `a piece has ${piece.data.length} bytes`);
        };
        let offset = 0;
        for (const values of chunks) {
          takePieces(cursor, anyRule, { offset, data: Buffer.from(values) }).forEach(tell);
          offset += values.length;
        }
        const rest = takeRest(cursor, true);
        if (rest !== undefined) tell(rest);
        assert.deepEqual(Buffer.concat(told), Buffer.from(chunks.flat()));
      }),
      { numRuns: 2000 },
    );
  });
});

/** The pieces of a stream whose chunks are given byte by byte (latin1), with the rest at its end. */
function feed(rule: PieceRule, chunks: readonly string[]) {
  const cursor = createStreamCursor();
  const pieces: Piece[] = [];
  let offset = 0;
  for (const chunk of chunks) {
    const data = Buffer.from(chunk, "latin1");
    pieces.push(...takePieces(cursor, rule, { offset, data }));
    offset += data.length;
  }
  const rest = takeRest(cursor, false);
  return [...pieces, ...(rest === undefined ? [] : [rest])].map(show);
}

function show(piece: Piece | undefined) {
  assert.ok(piece);
  return { offset: piece.offset, text: piece.data.toString(), isPartial: piece.isPartial };
}
