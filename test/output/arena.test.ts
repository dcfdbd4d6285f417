import assert from "node:assert/strict";
import { Arena } from "../../src/output/arena.ts";

const BLOCK_BYTES = 16 * 1024;

describe("arena", () => {
  it("joins a piece to the one before it, and leaves that one as it was", () => {
    const arena = new Arena();
    const first = arena.add(Buffer.from("one"), undefined);
    const both = arena.add(Buffer.from("two"), first);
    assert.equal(both.toString(), "onetwo");
    assert.equal(first.toString(), "one");
  });

  it("joins nothing to a piece that others have followed, or that is from elsewhere", () => {
    const arena = new Arena();
    const first = arena.add(Buffer.from("one"), undefined);
    arena.add(Buffer.from("two"), undefined);
    assert.equal(arena.add(Buffer.from("three"), first).toString(), "three");
    assert.equal(arena.add(Buffer.from("four"), Buffer.from("elsewhere")).toString(), "four");
  });

  it("joins up to a block and begins another behind it, without touching the first", () => {
    const arena = new Arena();
    const full = arena.add(Buffer.alloc(BLOCK_BYTES - 1, "a"), undefined);
    const block = arena.add(Buffer.from("b"), full);
    assert.equal(block.length, BLOCK_BYTES);
    assert.equal(arena.add(Buffer.from("c"), block).toString(), "c");
    assert.equal(block.toString(), `${"a".repeat(BLOCK_BYTES - 1)}b`);
  });
});
