import assert from "node:assert/strict";
import { MemoryBudget } from "../../src/output/memory-budget.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("memory-budget", () => {
  it("a log without a consumer writes early; one with a consumer holds back what that will soon have passed", () => {
    const budget = new MemoryBudget();
    assert.equal(budget.limits(null).spillBytes, MIB);
    assert.equal(budget.limits(0).spillBytes, 2 * MIB);
    assert.equal(budget.limits(8 * MIB).spillBytes, 10 * MIB);
    assert.equal(budget.limits(8 * MIB + 1).spillBytes, MIB);
  });

  it("every log has to do with little as long as all together use much", () => {
    const budget = new MemoryBudget();
    budget.add(64 * MIB);
    assert.equal(budget.limits(null).tailBytes, MIB);
    budget.add(1);
    for (const replayBytes of [null, 0, 8 * MIB]) {
      assert.deepEqual(budget.limits(replayBytes), {
        tailBytes: 64 * KIB,
        spillBytes: 128 * KIB,
        unsavedBytes: 128 * KIB + MIB,
      });
    }
    budget.add(-1);
    assert.equal(budget.limits(null).tailBytes, MIB);
  });
});
