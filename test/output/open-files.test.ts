import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { OpenFiles } from "../../src/output/open-files.ts";

describe("open-files", () => {
  it("lets sixteen pieces of work go on at once, the others in their order, and frees the place of one that fails", async () => {
    const files = new OpenFiles();
    const begun: number[] = [];
    let isOpen = 0;
    let mostOpen = 0;
    const work = Array.from({ length: 50 }, (_, index) =>
      files.withOne(async () => {
        begun.push(index);
        mostOpen = Math.max(mostOpen, ++isOpen);
        await setImmediate();
        isOpen--;
        if (index % 3 === 0) throw new Error("failed");
        return index;
      }),
    );
    const outcomes = await Promise.allSettled(work);
    assert.equal(mostOpen, 16);
    assert.deepEqual(
      begun,
      Array.from({ length: 50 }, (_, index) => index),
    );
    assert.equal(outcomes.filter(({ status }) => status === "rejected").length, 17);
    assert.equal(await files.withOne(async () => "again"), "again");
  });
});
