import assert from "node:assert/strict";
import { parseFrameHeader, writeFrameHeader } from "../../src/output/frame.ts";

describe("frame", () => {
  it("a header is Docker's: the stream, three zeros, the length in network order", () => {
    const headers = Buffer.alloc(16);
    writeFrameHeader(headers, 0, { stream: "stdout", length: 0x01020304 });
    writeFrameHeader(headers, 8, { stream: "stderr", length: 0xfffffffe });
    assert.deepEqual([...headers], [1, 0, 0, 0, 1, 2, 3, 4, 2, 0, 0, 0, 255, 255, 255, 254]);
    assert.deepEqual(parseFrameHeader(headers, 0), { stream: "stdout", length: 0x01020304 });
    assert.deepEqual(parseFrameHeader(headers, 8), { stream: "stderr", length: 0xfffffffe });
  });

  it("no stream but these two, no padding but zeros and no empty frame is accepted", () => {
    for (const bytes of [
      [0, 0, 0, 0, 0, 0, 0, 1],
      [3, 0, 0, 0, 0, 0, 0, 1],
      [1, 1, 0, 0, 0, 0, 0, 1],
      [2, 0, 0, 1, 0, 0, 0, 1],
      [1, 0, 0, 0, 0, 0, 0, 0],
    ]) {
      assert.equal(parseFrameHeader(Buffer.from(bytes), 0), undefined);
    }
  });
});
