import assert from "node:assert/strict";
import { Turn } from "../../src/node-red/turn.ts";
import type { OutputChunk } from "../../src/session/output-log.ts";

const KIB = 1024;

describe("turn", () => {
  it("lets others have their turn after a MiB of output, and not before", async () => {
    const turn = new Turn();
    let hadTurn = false;
    setImmediate(() => {
      hadTurn = true;
    });
    // All but the last piece of a MiB; quick enough for the limit of time not to count.
    for (let bytes = 256 * KIB; bytes < 1024 * KIB; bytes += 256 * KIB)
      await turn.endWhenLong(chunk(256 * KIB));
    assert.equal(hadTurn, false);
    await turn.endWhenLong(chunk(256 * KIB));
    assert.equal(hadTurn, true);
  });

  it("lets others have their turn after some milliseconds, however little output there is", async () => {
    const turn = new Turn();
    let hadTurn = false;
    setImmediate(() => {
      hadTurn = true;
    });
    const startMs = performance.now();
    while (performance.now() - startMs < 6);
    await turn.endWhenLong(chunk(1));
    assert.equal(hadTurn, true);
  });
});

function chunk(bytes: number): OutputChunk {
  return { kind: "data", stream: "stdout", offset: 0, data: Buffer.alloc(bytes) };
}
