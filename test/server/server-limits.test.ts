import assert from "node:assert/strict";
import { connectionsWithin } from "../../src/server/server-limits.ts";

describe("the connections that a server takes", () => {
  it("are as many as usual, and leave half of the files to others where those are few", () => {
    assert.deepEqual(
      [null, 1_048_576, 4608, 1024, 256, 10].map(connectionsWithin),
      [2048, 2048, 2048, 455, 113, 4],
    );
  });
});
