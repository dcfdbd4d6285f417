import assert from "node:assert/strict";
import fc from "fast-check";
import { callPath, matchPath } from "../../src/api/api-call.ts";
import { hostCalls } from "../../src/api/host-calls.ts";
import { sessionCalls } from "../../src/api/session-calls.ts";

const calls = Object.values({ ...sessionCalls, ...hostCalls });
const start = sessionCalls.startSession;

describe("the path of a call", () => {
  it("carries any parameter to the other end, and to no other call", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (id) => {
        const path = callPath(start, { id });
        assert.deepEqual(matchPath(start, path), { id: id.toWellFormed() });
        assert.equal(path.split("/").length, 4);
      }),
    );
  });

  it("is matched segment by segment, without looking for dots or empty ones", () => {
    const paths = [
      "/exec/a/start",
      "/exec//start",
      "/exec/../start",
      "/exec/%2e%2e/start",
      "/exec/%zz/start",
    ];
    assert.deepEqual(
      paths.map((path) => matchPath(start, path)?.id),
      ["a", "", "..", "..", "%zz"],
    );
    const others = ["/exec/start", "/exec/a/b/start", "/exec/a/start/", "exec/a/start", "/EXEC/a/start", ""];
    assert.deepEqual(
      others.map((path) => matchPath(start, path)),
      others.map(() => undefined),
    );
  });

  it("is that of one call only, for each method", () => {
    for (const call of calls) {
      const path = call.path.replaceAll(/\{\w+\}/g, "x");
      const matches = calls.filter((other) => other.method === call.method && matchPath(other, path));
      assert.deepEqual(matches, [call]);
    }
  });
});
