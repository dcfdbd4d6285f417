import assert from "node:assert/strict";
import { parseSegmentName, segmentBytesFor, segmentName } from "../../src/output/segment.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("segment", () => {
  it("a name tells where the segment begins, up to the largest offset there can be, and sorts by it", () => {
    const starts = [0, 9, 10, 255, 2 ** 40, Number.MAX_SAFE_INTEGER].map((start) => ({
      start,
      stderrBefore: Math.floor(start / 2),
    }));
    const names = starts.map(segmentName);
    assert.deepEqual(names.map(parseSegmentName), starts);
    assert.deepEqual(names.toSorted(), names);
  });

  it("no other name is taken for a segment's", () => {
    const zeros = "0".repeat(16);
    for (const name of [
      "",
      `${zeros}.frames`,
      `${zeros}-${zeros}`,
      `${zeros}-${zeros}.frames.tmp`,
      `x${zeros}-${zeros}.frames`,
      `${zeros}-${zeros.slice(1)}A.frames`,
      `${zeros}-${zeros.slice(1)}1.frames`,
      `${"f".repeat(16)}-${zeros}.frames`,
    ]) {
      assert.equal(parseSegmentName(name), undefined, name);
    }
  });

  it("a segment is an eighth of its log, but no smaller than one pipe's read and no larger than 4 MiB", () => {
    assert.deepEqual([64 * KIB, MIB, 8 * MIB, 64 * MIB].map(segmentBytesFor), [
      64 * KIB,
      128 * KIB,
      MIB,
      4 * MIB,
    ]);
  });
});
