import assert from "node:assert/strict";
import fc from "fast-check";
import { createEndRecord, type EndEvidence } from "../../src/session/end-record.ts";
import type { EndReason, StartErrorKind } from "../../src/session/exec-session.ts";

const STARTED_AT = "2026-01-02T03:04:05.678Z";
const HOUR = 60 * 60 * 1000;

/** A command that ended by itself, with what a test cares about in its place. */
function evidence(changes: Partial<EndEvidence> = {}): EndEvidence {
  return {
    exit: { exitCode: 0, signal: null, startError: null },
    stopCause: null,
    killedWith: new Set(),
    containerStopped: false,
    startedAt: STARTED_AT,
    started: null,
    heldOpen: false,
    truncated: 0,
    ...changes,
  };
}

const UNKNOWN = { exitCode: null, signal: null, startError: null };
const KILLED = { exitCode: 137, signal: "SIGKILL", startError: null } as const;

const REASONS: readonly (readonly [EndReason, string, Partial<EndEvidence>])[] = [
  ["exited", "a command that ended by itself", {}],
  ["exited", "a command that a signal ended, of which nobody here knows", { exit: KILLED }],
  ["exited", "a command that got a signal here, and ended by itself", { killedWith: new Set(["SIGHUP"]) }],
  ["exited", "a command that another signal ended", { exit: KILLED, killedWith: new Set(["SIGHUP"]) }],
  [
    "stopped",
    "a command that a signal from here ended",
    { exit: KILLED, killedWith: new Set(["SIGHUP", "SIGKILL"]) },
  ],
  ["stopped", "a command that was stopped, whatever its exit code", { stopCause: "stop" }],
  ["stopped", "a stopped command of which no exit code is known", { exit: UNKNOWN, stopCause: "stop" }],
  ["stopped", "a command that was removed by force", { exit: KILLED, stopCause: "remove" }],
  [
    "stopped",
    "a stopped command whose container then stopped",
    { stopCause: "stop", containerStopped: true },
  ],
  ["timeout", "a command that ran too long", { exit: KILLED, stopCause: "timeout" }],
  ["outputLimit", "a command that wrote too much", { exit: KILLED, stopCause: "outputLimit" }],
  ["containerStopped", "a command whose container stopped", { exit: KILLED, containerStopped: true }],
  ["containerStopped", "the same, of which no exit code is known", { exit: UNKNOWN, containerStopped: true }],
  ["lost", "a command of which nothing is known", { exit: UNKNOWN }],
];

describe("an end record", () => {
  it("tells the exit code, when it started and ended, and what became of its output", () => {
    const exit = { exitCode: 3, signal: null, startError: null };
    const before = Date.now();
    const { endedAt, ...end } = createEndRecord(evidence({ exit, heldOpen: true, truncated: 77 }));
    assert.deepEqual(end, {
      exitCode: 3,
      signal: null,
      reason: "exited",
      startError: null,
      startedAt: STARTED_AT,
      heldOpen: true,
      truncated: 77,
    });
    assert.equal(new Date(endedAt).toISOString(), endedAt);
    assert.ok(Date.parse(endedAt) >= before && Date.parse(endedAt) <= Date.now());
  });

  it("tells how long the command ran, though the clock was set meanwhile, by the clock as it is set at the end", () => {
    const started = { wallMs: Date.parse(STARTED_AT), uptimeMs: 5_000 };
    const times = [0, HOUR, -HOUR, 1e12].map((stepMs) => {
      const ended = { wallMs: started.wallMs + 2_000 + stepMs, uptimeMs: started.uptimeMs + 2_000 };
      const { startedAt, endedAt } = createEndRecord(evidence({ started }), ended);
      return {
        ranMs: Date.parse(endedAt) - Date.parse(startedAt ?? ""),
        isNow: Date.parse(endedAt) === ended.wallMs,
      };
    });
    assert.deepEqual(times, Array(4).fill({ ranMs: 2_000, isNow: true }));
  });

  it("has the start as it was recorded where the clocks differ by less than a second", () => {
    const started = { wallMs: Date.parse(STARTED_AT), uptimeMs: 5_000 };
    const ended = { wallMs: started.wallMs + 2_900, uptimeMs: started.uptimeMs + 2_000 };
    assert.equal(createEndRecord(evidence({ started }), ended).startedAt, STARTED_AT);
  });

  it("never ends before it starts, also where only an earlier manager knew the start", () => {
    const ended = { wallMs: Date.parse(STARTED_AT) - HOUR, uptimeMs: 5_000 };
    const { startedAt, endedAt } = createEndRecord(evidence(), ended);
    assert.equal(startedAt, endedAt);
  });

  for (const [reason, what, changes] of REASONS) {
    it(`has the reason ${reason} for ${what}`, () => {
      assert.equal(createEndRecord(evidence(changes)).reason, reason);
    });
  }

  for (const [kind, exitCode] of Object.entries({
    notFound: 127,
    notExecutable: 126,
    badInterpreter: 126,
    badWorkDir: 125,
    badUser: 125,
    containerPaused: 125,
    containerNotRunning: 125,
    runtime: 125,
  } satisfies Record<StartErrorKind, number>)) {
    it(`has exit code ${exitCode} for a start that failed with ${kind}, and never started`, () => {
      const startError = { kind: kind as StartErrorKind, text: "the kernel's words" };
      // The runtime's own exit code says nothing about the command.
      const exit = { exitCode: 1, signal: null, startError };
      const { endedAt: _endedAt, ...end } = createEndRecord(evidence({ exit, stopCause: "stop" }));
      assert.deepEqual(end, {
        exitCode,
        signal: null,
        reason: "startFailed",
        startError,
        startedAt: null,
        heldOpen: false,
        truncated: 0,
      });
    });
  }

  it("invents no exit code and no signal: they are the runtime's, or null", () => {
    const anyEvidence = fc.record({
      exit: fc.record({
        exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
        signal: fc.option(fc.constantFrom("SIGKILL", "SIGTERM", "SIGHUP")),
        startError: fc.constant(null),
      }),
      stopCause: fc.option(fc.constantFrom("stop", "remove", "timeout", "outputLimit")),
      killedWith: fc.subarray(["SIGKILL", "SIGTERM"] as const).map((signals) => new Set(signals)),
      containerStopped: fc.boolean(),
      startedAt: fc.constant(STARTED_AT),
      started: fc.constant(null),
      heldOpen: fc.boolean(),
      truncated: fc.nat(),
    });
    fc.assert(
      fc.property(anyEvidence, (known) => {
        const { exitCode, signal, reason } = createEndRecord(known);
        assert.deepEqual({ exitCode, signal }, { exitCode: known.exit.exitCode, signal: known.exit.signal });
        if (reason === "exited") assert.notEqual(exitCode, null);
        if (reason === "lost") assert.equal(exitCode, null);
      }),
    );
  });
});
