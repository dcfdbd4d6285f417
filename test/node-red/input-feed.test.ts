import assert from "node:assert/strict";
import { parseInput } from "../../src/node-red/input-feed.ts";

describe("input-feed", () => {
  it("takes text, numbers and bytes; nothing is an empty input", () => {
    const given = ["é", 7, true, Buffer.from([0, 255]), new Uint8Array([1]), undefined, null, ""];
    assert.deepEqual(
      given.map((raw) => Buffer.from(parseInput(raw)).toString("hex")),
      ["c3a9", "37", "74727565", "00ff", "01", "", "", ""],
    );
  });

  it("refuses what has no bytes of its own", () => {
    for (const raw of [{ a: 1 }, ["a"], () => 1]) {
      assert.throws(() => parseInput(raw), { code: "EXEC_INVALID_ARGUMENT" });
    }
    assert.throws(() => parseInput({ a: 1 }), {
      message: '"input" must be a text, a number or a Buffer; got { a: 1 }.',
    });
  });
});
