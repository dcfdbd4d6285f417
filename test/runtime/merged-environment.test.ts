import assert from "node:assert/strict";
import { mergeEnvironment } from "../../src/runtime/merged-environment.ts";

const NOTHING = { base: [], added: {}, tty: false, home: null };

describe("a merged environment", () => {
  it("has the container's, replaced by name, then what is new", () => {
    const base = ["A=1", "B=2", "A=3", "=x", "C", "D=", "E=a=b"];
    const merged = mergeEnvironment({ ...NOTHING, base, added: { B: "new", N: "" } });
    assert.deepEqual(
      [...merged],
      [
        ["A", "3"],
        ["B", "new"],
        ["D", ""],
        ["E", "a=b"],
        ["N", ""],
      ],
    );
  });

  it("has TERM with a terminal, where nobody sets it", () => {
    const term = (parts: object) => mergeEnvironment({ ...NOTHING, ...parts }).get("TERM");
    assert.deepEqual(
      [
        term({}),
        term({ tty: true }),
        term({ tty: true, base: ["TERM=a"] }),
        term({ tty: true, added: { TERM: "" } }),
      ],
      [undefined, "xterm", "a", ""],
    );
  });

  it("has a home that is known, where nobody sets one", () => {
    const home = (parts: object) => mergeEnvironment({ ...NOTHING, home: "/h", ...parts }).get("HOME");
    assert.deepEqual(
      [home({}), home({ base: ["HOME=/b"] }), home({ added: { HOME: "/a" } })],
      ["/h", "/b", "/a"],
    );
  });
});
