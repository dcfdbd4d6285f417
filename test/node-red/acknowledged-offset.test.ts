import assert from "node:assert/strict";
import { acknowledgedOffset, maxUnwrittenBytes } from "../../src/node-red/acknowledged-offset.ts";
import { createStreamCursor } from "../../src/node-red/output-pieces.ts";

const MAX_BYTES = 1000;

describe("the acknowledged offset", () => {
  /** Of a delivery that has come to the byte 500, with the last 20 bytes waiting for the rest of their line. */
  const acknowledged = (
    neededFrom: number,
    limits: { policy: "block" | "dropOldest"; replayBytes: number },
  ) => {
    const pending = [{ offset: 480, data: Buffer.alloc(20) }];
    const stdout = { ...createStreamCursor(), pending, pendingBytes: 20 };
    const progress = { position: 500, streams: { stdout, stderr: createStreamCursor() } };
    return acknowledgedOffset(progress, neededFrom, { maxBytes: MAX_BYTES, ...limits });
  };

  it("is before what has not been sent", () => {
    assert.equal(acknowledged(480, { policy: "block", replayBytes: 0 }), 480);
    assert.equal(acknowledged(480, { policy: "dropOldest", replayBytes: 100 }), 480);
  });

  it("is before what a crash would make be delivered again, if the log does not keep that anyway", () => {
    assert.equal(acknowledged(300, { policy: "block", replayBytes: 100 }), 300);
    assert.equal(acknowledged(300, { policy: "dropOldest", replayBytes: 100 }), 400);
    assert.equal(acknowledged(300, { policy: "dropOldest", replayBytes: 200 }), 480);
  });

  it("leaves a log that blocks room for a line that cannot end, and for what is not written down yet", () => {
    const progress = {
      position: 5000,
      streams: {
        stdout: { ...createStreamCursor(), pending: [{ offset: 0, data: Buffer.alloc(0) }] },
        stderr: createStreamCursor(),
      },
    };
    const limits = { maxBytes: MAX_BYTES, replayBytes: 0, policy: "block" } as const;
    assert.equal(acknowledgedOffset(progress, 0, limits), 4500);
    assert.ok(maxUnwrittenBytes(limits) < MAX_BYTES / 2);
  });
});
