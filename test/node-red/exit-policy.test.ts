import assert from "node:assert/strict";
import { type ExitPolicy, exitError, isExitError } from "../../src/node-red/exit-policy.ts";
import type { EndRecord } from "../../src/session/exec-session.ts";
import { EXITED } from "../support/sample-end.ts";

const ID = "0123456789abcdef".repeat(4);

const ends: Readonly<Record<string, EndRecord>> = {
  "exit code 0": EXITED,
  "exit code 3": { ...EXITED, exitCode: 3 },
  "a signal": { ...EXITED, exitCode: 137, signal: "SIGKILL" },
  "stopped by a signal that the runtime does not tell": { ...EXITED, exitCode: 143, reason: "stopped" },
  "stopped, and exited with 0": { ...EXITED, reason: "stopped" },
  "a timeout, and exited with 0": { ...EXITED, reason: "timeout" },
  "its container stopped": { ...EXITED, exitCode: 137, signal: "SIGKILL", reason: "containerStopped" },
  lost: { ...EXITED, exitCode: null, reason: "lost" },
  "not found": {
    ...EXITED,
    exitCode: 127,
    reason: "startFailed",
    startError: { kind: "notFound", text: "no such file" },
  },
};

describe("exit-policy", () => {
  it("says which ends are errors, and by which code", () => {
    const codes = (policy: ExitPolicy) =>
      Object.fromEntries(Object.entries(ends).map(([name, end]) => [name, exitError(policy, ID, end)?.code]));
    assert.deepEqual(codes("never"), {
      ...Object.fromEntries(Object.keys(ends).map((name) => [name, undefined])),
      "not found": "EXEC_START_FAILED",
    });
    const signal = {
      "exit code 0": undefined,
      "exit code 3": undefined,
      "a signal": "EXEC_SIGNALLED",
      "stopped by a signal that the runtime does not tell": "EXEC_SIGNALLED",
      "stopped, and exited with 0": undefined,
      "a timeout, and exited with 0": "EXEC_TIMED_OUT",
      "its container stopped": "EXEC_SIGNALLED",
      lost: "EXEC_EXIT_UNKNOWN",
      "not found": "EXEC_START_FAILED",
    };
    assert.deepEqual(codes("signal"), signal);
    assert.deepEqual(codes("nonzero"), { ...signal, "exit code 3": "EXEC_NONZERO_EXIT" });
  });

  it("the sentence names the session and how it ended; the end record is the cause", () => {
    const sentences = Object.values(ends).map((end) => exitError("nonzero", ID, end)?.message);
    assert.deepEqual(sentences, [
      undefined,
      "Session 0123456789ab ended with exit code 3.",
      "Session 0123456789ab ended by SIGKILL.",
      "Session 0123456789ab was stopped and ended with exit code 143.",
      undefined,
      "Session 0123456789ab ran longer than its timeout and ended with exit code 0.",
      "Session 0123456789ab ended by SIGKILL because its container stopped.",
      "Session 0123456789ab is gone, and nothing knows how it ended.",
      "Session 0123456789ab did not start: no such file.",
    ]);
    const end = { ...EXITED, exitCode: 3 };
    assert.equal(exitError("nonzero", ID, end)?.cause, end);
  });

  it("an error about an exit is told apart from an error about a session", () => {
    assert.equal(isExitError("EXEC_NONZERO_EXIT"), true);
    assert.equal(isExitError("EXEC_START_FAILED"), false);
    assert.equal(isExitError(undefined), false);
  });
});
