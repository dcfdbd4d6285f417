import assert from "node:assert/strict";
import { keepFrom, unreadBytes, unreadBytesOf } from "../../src/output/retention.ts";

const LIMITS = { maxBytes: 1000, replayBytes: 100, policy: "dropOldest" } as const;
const BLOCKING = { ...LIMITS, policy: "block" } as const;

describe("retention", () => {
  it("without a consumer a log keeps maxBytes, and under `block` everything", () => {
    const extent = { start: 0, end: 5000, slowest: undefined };
    assert.equal(keepFrom(LIMITS, extent), 4000);
    assert.equal(keepFrom({ ...LIMITS, policy: "stop" }, extent), 4000);
    assert.ok(keepFrom(BLOCKING, extent) <= 0);
  });

  it("what the slowest consumer has passed is kept replayBytes back, and never more than maxBytes", () => {
    assert.equal(keepFrom(LIMITS, { start: 0, end: 5000, slowest: 4500 }), 4400);
    assert.equal(keepFrom(LIMITS, { start: 0, end: 5000, slowest: 10 }), 4000);
    assert.equal(keepFrom({ ...LIMITS, replayBytes: 9000 }, { start: 0, end: 5000, slowest: 4500 }), 4000);
  });

  it("under `block` a replay window gives way to maxBytes, and unread output to nothing", () => {
    assert.equal(keepFrom(BLOCKING, { start: 0, end: 5000, slowest: 4950 }), 4850);
    assert.equal(keepFrom(BLOCKING, { start: 0, end: 5000, slowest: 4050 }), 4000);
    assert.equal(keepFrom(BLOCKING, { start: 0, end: 5000, slowest: 10 }), 10);
  });

  it("unread is what is kept from the slowest consumer on, or all that is kept", () => {
    assert.equal(unreadBytes({ start: 10, end: 50, slowest: 30 }), 20);
    assert.equal(unreadBytes({ start: 10, end: 50, slowest: 5 }), 40);
    assert.equal(unreadBytes({ start: 10, end: 50, slowest: undefined }), 40);
    assert.equal(unreadBytesOf({ from: 10, to: 50 }, 30), 20);
    assert.equal(unreadBytesOf({ from: 10, to: 50 }, 90), 0);
    assert.equal(unreadBytesOf({ from: 10, to: 50 }, 5), 40);
    assert.equal(unreadBytesOf({ from: 10, to: 50 }, undefined), 40);
  });
});
