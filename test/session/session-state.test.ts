import assert from "node:assert/strict";
import type { SessionState } from "../../src/session/exec-session.ts";
import { advance, assertVerbAllowed, type GuardedVerb, wrongState } from "../../src/session/session-state.ts";
import { sampleSession } from "../support/sample-session.ts";

const STATES = ["created", "running", "stopped"] as const;

/** The table of ARCHITECTURE.md: where each verb is allowed. */
const ALLOWED: Readonly<Record<GuardedVerb, readonly SessionState[]>> = {
  start: ["created"],
  stop: ["running", "stopped"],
  kill: ["running"],
  resize: ["running"],
  write: ["running"],
  cleanup: ["created", "stopped"],
  remove: ["created", "stopped"],
};

describe("a session's state", () => {
  for (const [verb, allowed] of Object.entries(ALLOWED) as [GuardedVerb, readonly SessionState[]][]) {
    it(`allows ${verb} in ${allowed.join(" and ")} only`, () => {
      const accepted = STATES.filter((state) => {
        try {
          assertVerbAllowed(verb, { id: "a", state });
          return true;
        } catch (error) {
          assert.equal(Object(error).code, "EXEC_WRONG_STATE");
          return false;
        }
      });
      assert.deepEqual(accepted, allowed);
    });
  }

  for (const [verb, state, sentence] of [
    ["start", "running", "which is running: a session starts only once; create a new one."],
    ["start", "starting", "which is starting: a session starts only once; create a new one."],
    ["start", "stopped", "which is stopped: a session starts only once; create a new one."],
    ["stop", "created", "which is created: only a running session can be stopped; remove it instead."],
    ["kill", "stopped", "which is stopped: only a running session takes signals."],
    ["resize", "stopped", "which is stopped: only a running session can be resized."],
    ["write", "created", "which is created: only a running session reads standard input."],
    ["cleanup", "running", "which is running: stop it first."],
    ["remove", "running", "which is running: stop it first, or remove it with force."],
  ] as const) {
    it(`says why it refuses ${verb} on a ${state} session, and what to do`, () => {
      const id = "0123456789abcdef".repeat(4);
      const { code, message, details } = wrongState(verb, id, state);
      assert.deepEqual(
        { code, message, details },
        {
          code: "EXEC_WRONG_STATE",
          message: `Cannot ${verb} session 0123456789ab, ${sentence}`,
          details: { verb, sessionId: id, state },
        },
      );
    });
  }

  it("goes from created to running to stopped, or from created to stopped, and never back", () => {
    const steps = STATES.flatMap((from) => STATES.map((to) => [from, to] as const));
    const possible = steps.filter(([from, to]) => {
      try {
        return advance(sampleSession({ state: from }), { state: to }).state === to;
      } catch (error) {
        assert.equal(String(error), `Error: a session cannot go from ${from} to ${to}`);
        return false;
      }
    });
    assert.deepEqual(
      possible.filter(([from, to]) => from !== to),
      [
        ["created", "running"],
        ["created", "stopped"],
        ["running", "stopped"],
      ],
    );
  });
});

describe("a change of a session's record", () => {
  it("makes the next revision and leaves the old one as it was", () => {
    const before = Object.freeze(sampleSession({ state: "running", revision: 4 }));
    assert.deepEqual(advance(before, { pid: 77 }), { ...before, pid: 77, revision: 5 });
  });

  it("is possible after the end, without a change of state", () => {
    const stopped = sampleSession({ state: "stopped" });
    const output = { stdoutBytes: 1, stderrBytes: 0, firstOffset: 1, truncated: 0 };
    assert.deepEqual(advance(stopped, { output }), { ...stopped, output, revision: 2 });
  });
});
