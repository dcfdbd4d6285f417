import assert from "node:assert/strict";
import { MemoryBudget } from "../../src/output/memory-budget.ts";
import { MemoryTail } from "../../src/output/memory-tail.ts";

const FRAME_BYTES = 64 * 1024;
const MANY = 100;

describe("memory-tail", () => {
  let budget: MemoryBudget;
  let tail: MemoryTail;

  beforeEach(() => {
    budget = new MemoryBudget();
    tail = new MemoryTail(budget);
  });

  it("holds large output in pieces of at most one frame", () => {
    tail.push("stdout", Buffer.alloc(2 * FRAME_BYTES + 1));
    const lengths = tail.take(MANY, Number.POSITIVE_INFINITY).map(({ data }) => data.length);
    assert.deepEqual(lengths, [FRAME_BYTES, FRAME_BYTES, 1]);
  });

  it("finds the piece of any byte it holds, and none for others", () => {
    for (let piece = 0; piece < 600; piece++)
      tail.push(piece % 2 === 0 ? "stdout" : "stderr", Buffer.alloc(10));
    tail.dropBefore(4005);
    assert.equal(tail.start, 4000);
    for (let offset = 4000; offset < 6000; offset++) {
      const found = tail.find(offset);
      assert.equal(found?.offset, offset - (offset % 10));
      assert.equal(found?.stderrBefore, Math.floor(found.offset / 20) * 10);
    }
    assert.deepEqual([tail.find(3999), tail.find(6000)], [undefined, undefined]);
  });

  it("takes as many pieces as fit with their headers, and one if none fits", () => {
    tail.push("stdout", Buffer.alloc(5000));
    tail.push("stderr", Buffer.alloc(5000));
    assert.equal(tail.take(MANY, 1).length, 1);
    assert.equal(tail.take(MANY, 2 * 5008 - 1).length, 1);
    assert.equal(tail.take(MANY, 2 * 5008).length, 2);
    assert.equal(tail.take(1, 2 * 5008).length, 1);
  });

  it("neither joins to nor lets go of what is being saved", () => {
    tail.push("stdout", Buffer.from("being saved"));
    const [taken] = tail.take(MANY, FRAME_BYTES);
    tail.push("stdout", Buffer.from(", after"));
    assert.equal(taken?.data.toString(), "being saved");
    assert.deepEqual(tail.dropBefore(tail.end), { from: 0, to: 0 });
    assert.deepEqual(tail.dropUnsaved(0), { from: 0, to: 0 });
    tail.settle(false);
    assert.deepEqual(tail.dropBefore(11), { from: 0, to: 11 });
    assert.equal(tail.find(11)?.data.toString(), ", after");
  });

  it("says of what it drops how much was never saved", () => {
    for (let piece = 0; piece < 4; piece++) tail.push("stdout", Buffer.alloc(5000));
    tail.take(2, FRAME_BYTES);
    tail.settle(true);
    assert.deepEqual(tail.dropBefore(5000), { from: 10_000, to: 10_000 });
    assert.deepEqual(tail.dropBefore(15_000), { from: 10_000, to: 15_000 });
    assert.deepEqual([tail.start, tail.unsavedFrom, tail.end], [15_000, 15_000, 20_000]);
  });

  it("gives back all memory that it has counted, whichever way its pieces go", () => {
    const counts: number[] = [];
    for (let piece = 0; piece < 6; piece++) tail.push("stdout", Buffer.alloc(5000));
    tail.push("stderr", Buffer.from("a"));
    tail.push("stderr", Buffer.from("b"));
    tail.take(2, FRAME_BYTES);
    tail.settle(true);
    counts.push(budget.usedBytes);
    tail.evictSaved(6000);
    counts.push(budget.usedBytes);
    tail.dropBefore(15_000);
    counts.push(budget.usedBytes);
    tail.dropUnsaved(6000);
    counts.push(budget.usedBytes);
    tail.clear();
    counts.push(budget.usedBytes);
    const overhead = 256;
    assert.deepEqual(counts, [
      30_002 + 7 * overhead,
      25_002 + 6 * overhead,
      15_002 + 4 * overhead,
      5002 + 2 * overhead,
      0,
    ]);
  });

  it("gives back the memory of what it drops at once, unless others share it", () => {
    const pieces = {
      saved: Buffer.alloc(5000),
      dropped: Buffer.alloc(5000),
      shared: Buffer.alloc(20_000).subarray(0, 5000),
      copied: Buffer.alloc(100),
      cleared: Buffer.alloc(5000),
    };
    for (const piece of Object.values(pieces)) tail.push("stdout", piece);
    const left = () => Object.entries(pieces).flatMap(([name, { length }]) => (length > 0 ? [name] : []));
    assert.deepEqual(left(), ["saved", "dropped", "shared", "cleared"]);
    tail.take(1, FRAME_BYTES);
    tail.settle(true);
    tail.evictSaved(0);
    assert.deepEqual(left(), ["dropped", "shared", "cleared"]);
    tail.dropBefore(15_100);
    assert.deepEqual(left(), ["shared", "cleared"]);
    tail.clear();
    assert.deepEqual(left(), ["shared"]);
  });
});
