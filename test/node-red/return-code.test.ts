import assert from "node:assert/strict";
import { createReturnCode } from "../../src/node-red/return-code.ts";
import { inspectSession } from "../../src/session/session-inspect.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";

const output = { stdoutBytes: 10, stderrBytes: 2, firstOffset: 0, truncated: 0 };
const session = inspectSession(sampleSession({ state: "stopped", end: EXITED }), output);

describe("return-code", () => {
  it("tells how a command ended, how long it ran and how much it wrote", () => {
    assert.deepEqual(createReturnCode(EXITED, session), {
      code: 0,
      reason: "exited",
      durationMs: 1500,
      startedAt: EXITED.startedAt,
      endedAt: EXITED.endedAt,
      stdoutBytes: 10,
      stderrBytes: 2,
      truncated: 0,
      heldOpen: false,
    });
  });

  it("has the signal and the start error only where there is one", () => {
    const end = {
      ...EXITED,
      exitCode: 127,
      signal: "SIGTERM",
      reason: "startFailed",
      startError: { kind: "notFound", text: "no such file" },
      startedAt: null,
    } as const;
    const { signal, message, startError, durationMs } = createReturnCode(end, session);
    assert.deepEqual(
      { signal, message, startError, durationMs },
      { signal: "SIGTERM", message: "no such file", startError: "notFound", durationMs: null },
    );
  });

  it("of a lost session neither the exit code nor how long it ran is known", () => {
    const lost = createReturnCode({ ...EXITED, exitCode: null, reason: "lost" }, session);
    assert.deepEqual([lost.code, lost.durationMs], [null, null]);
  });

  it("of a session that has been removed meanwhile it counts nothing", () => {
    assert.equal("stdoutBytes" in createReturnCode(EXITED, null), false);
  });
});
