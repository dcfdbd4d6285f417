import assert from "node:assert/strict";
import { ConsumerPace } from "../../src/output/consumer-pace.ts";
import { waitUntil } from "../support/wait-until.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("consumer-pace", () => {
  it("waits a moment for a consumer that reads fast and is behind", () => {
    const pace = new ConsumerPace();
    pace.note(64 * KIB);
    const waitMs = pace.waitMs(2 * MIB);
    assert.ok(waitMs > 0 && waitMs <= 10, `${waitMs} ms`);
  });

  it("waits for none that is near", () => {
    const pace = new ConsumerPace();
    pace.note(64 * KIB);
    assert.equal(pace.waitMs(MIB), 0);
  });

  it("waits for none that has not read, has stopped or reads in small steps", async () => {
    const pace = new ConsumerPace();
    assert.equal(pace.waitMs(2 * MIB), 0);
    pace.note(undefined);
    assert.equal(pace.waitMs(2 * MIB), 0);
    pace.note(64 * KIB);
    await waitUntil("it is not waited for any more", () => pace.waitMs(2 * MIB) === 0);
    for (let step = 1; step < 10; step++) pace.note(64 * KIB + step * KIB);
    assert.equal(pace.waitMs(2 * MIB), 0);
  });
});
