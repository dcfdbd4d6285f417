import assert from "node:assert/strict";
import { parseHostOptions } from "../../src/api/host-options.ts";

describe("a host's options", () => {
  it("have a default each, but for the state directory and what a host that was killed was told", () => {
    assert.deepEqual(parseHostOptions({ stateDir: "/s" }), {
      stateDir: "/s",
      idleSeconds: 120,
      onStop: "stop",
      socketUser: null,
    });
  });

  it("are refused in a sentence that names the first bad one", () => {
    const bad: readonly (readonly [unknown, string])[] = [
      [null, "options"],
      [{}, "stateDir"],
      [{ stateDir: "" }, "stateDir"],
      [{ stateDir: "/s", idleSeconds: 0 }, "idleSeconds"],
      [{ stateDir: "/s", idleSeconds: 1e9 }, "idleSeconds"],
      [{ stateDir: "/s", onStop: "kill" }, "onStop"],
      [{ stateDir: "/s", socketUser: -1 }, "socketUser"],
      [{ stateDir: "/s", other: 1 }, "options"],
    ];
    for (const [options, field] of bad) {
      assert.throws(() => parseHostOptions(options), {
        code: "EXEC_INVALID_ARGUMENT",
        details: { field },
        message: new RegExp(`"${field}" is wrong: .`),
      });
    }
  });
});
