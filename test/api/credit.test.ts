import assert from "node:assert/strict";
import { Credit } from "../../src/api/credit.ts";

describe("credit", () => {
  it("lets wait whoever needs more than there is, until it is granted", async () => {
    const credit = new Credit();
    credit.grant(10);
    assert.equal(await credit.atLeast(10), 10);
    credit.spend(4);
    const waiting = credit.atLeast(9);
    credit.grant(1);
    credit.grant(5);
    assert.equal(await waiting, 12);
  });

  it("is nothing once it is closed, for those who wait and those who come", async () => {
    const credit = new Credit();
    const waiting = credit.atLeast(1);
    credit.close();
    credit.grant(100);
    assert.deepEqual([await waiting, await credit.atLeast(1)], [0, 0]);
  });
});
