import assert from "node:assert/strict";
import { MemorySegmentStorage } from "../../src/output/memory-segment-storage.ts";
import { SegmentList } from "../../src/output/segment-list.ts";
import type { TailEntry } from "../../src/output/tail-entry.ts";

const SEGMENT_BYTES = 1000;

describe("segment-list", () => {
  let storage: HoldingStorage;
  let list: SegmentList;

  beforeEach(() => {
    storage = new HoldingStorage();
    list = new SegmentList(storage, SEGMENT_BYTES, []);
  });

  it("goes on in a segment as long as it has room, then in the next", async () => {
    await write(0, 400);
    await write(400, 584);
    await write(984, 1);
    assert.deepEqual(sizes(), [
      [0, 984],
      [984, 985],
    ]);
  });

  it("goes on in the next segment when output is missing in between, however much room there is", async () => {
    await write(0, 100);
    await write(150, 100);
    assert.deepEqual(sizes(), [
      [0, 100],
      [150, 250],
    ]);
    assert.deepEqual(
      [list.find(99)?.start, list.find(100), list.find(149), list.find(150)?.start],
      [0, undefined, undefined, 150],
    );
    assert.deepEqual([list.startAfter(99), list.startAfter(150)], [150, undefined]);
  });

  it("drops no segment while it is being written", async () => {
    await write(0, 100);
    const release = storage.hold();
    const writing = write(100, 100);
    assert.deepEqual(list.dropBefore(100), []);
    release();
    await writing;
    assert.deepEqual(sizes(), [[0, 200]]);
    assert.deepEqual(list.dropBefore(200), [{ from: 0, to: 200 }]);
    assert.equal(list.hasDropped, true);
    await list.removeDropped();
    assert.deepEqual([list.hasDropped, await storage.list()], [false, []]);
  });

  it("forgets a segment that is deleted while it is being written only afterwards", async () => {
    await write(0, 100);
    const release = storage.hold();
    const writing = write(100, 100);
    for (const { name } of await storage.list()) await storage.remove(name);
    assert.deepEqual(await list.dropMissing(), []);
    release();
    await assert.rejects(writing);
    assert.deepEqual(await list.dropMissing(), [{ from: 0, to: 100 }]);
    assert.deepEqual(sizes(), []);
  });

  it("forgets what somebody else has deleted, but not what has been written meanwhile", async () => {
    await write(0, 900);
    await write(900, 900);
    for (const { name } of (await storage.list()).slice(0, 1)) await storage.remove(name);
    const missing = list.dropMissing();
    await write(1800, 900);
    assert.deepEqual(await missing, [{ from: 0, to: 900 }]);
    assert.deepEqual(sizes(), [
      [900, 1800],
      [1800, 2700],
    ]);
  });

  function write(offset: number, length: number): Promise<void> {
    const entry: TailEntry = {
      stream: "stdout",
      offset,
      stderrBefore: 0,
      data: Buffer.alloc(length),
      borrowers: 0,
      isGone: false,
    };
    return list.write([entry], () => {});
  }

  /** Where each segment begins and ends. */
  function sizes(): readonly (readonly [number, number])[] {
    const found: [number, number][] = [];
    for (let start = list.start; start !== undefined; start = list.startAfter(start)) {
      found.push([start, list.find(start)?.end ?? start]);
    }
    return found;
  }
});

/** Holds writes back when it is told to, as a slow disk does. */
class HoldingStorage extends MemorySegmentStorage {
  #held: Promise<void> | undefined;

  /** Gives what lets the writes go on. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  override async write(name: string, position: number, buffers: readonly Buffer[]): Promise<void> {
    await this.#held;
    await super.write(name, position, buffers);
  }
}
