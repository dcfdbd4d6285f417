import type { EndReason, EndRecord, StartError } from "./exec-session.ts";
import { startErrorExitCode } from "./exec-session.ts";
import { type Moment, thisMoment } from "./moment.ts";
import type { ExecExit } from "./runtime.ts";
import type { SignalName } from "./signals.ts";

/** Why a running session was made to stop. */
export type StopCause = "stop" | "remove" | "timeout" | "outputLimit";

/** Everything that is known when a session ends. */
export interface EndEvidence {
  readonly exit: ExecExit;
  /** Null: nobody stopped it while it ran. */
  readonly stopCause: StopCause | null;
  /** Signals that were sent with the verb kill. */
  readonly killedWith: ReadonlySet<SignalName>;
  readonly containerStopped: boolean;
  readonly startedAt: string | null;
  /** The moment of that. Null: not known, since another manager started it. */
  readonly started: Moment | null;
  readonly heldOpen: boolean;
  readonly truncated: number;
}

/** The end record that the evidence supports, and no more: what nobody knows stays null. */
export function createEndRecord(evidence: EndEvidence, ended = thisMoment()): EndRecord {
  const { exit } = evidence;
  const base = {
    endedAt: toTime(ended.wallMs),
    heldOpen: evidence.heldOpen,
    truncated: evidence.truncated,
  };
  if (exit.startError !== null) return { ...failedStart(exit.startError), ...base };
  return {
    exitCode: exit.exitCode,
    signal: exit.signal,
    reason: endReason(evidence),
    startError: null,
    startedAt: restateStart(evidence, ended),
    ...base,
  };
}

/** Far more than what slowly corrects a clock makes of it in the meantime. */
const CLOCK_STEP_MS = 1000;

/**
 * When it started, on the clock as it is set at the end. A clock that was set meanwhile, by an hour or by years as on a
 * small computer that hears of the time only after its boot, would make nonsense of how long the command ran.
 */
function restateStart({ startedAt, started }: EndEvidence, ended: Moment): string | null {
  if (startedAt === null) return null;
  const stated = Date.parse(startedAt);
  const measured = started === null ? stated : ended.wallMs - (ended.uptimeMs - started.uptimeMs);
  const isSame = Math.abs(measured - stated) < CLOCK_STEP_MS;
  return toTime(Math.min(isSame ? stated : measured, ended.wallMs));
}

function toTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function endReason(evidence: EndEvidence): EndReason {
  const { exit } = evidence;
  switch (evidence.stopCause) {
    case "timeout":
    case "outputLimit":
      return evidence.stopCause;
    case "stop":
    case "remove":
      return "stopped";
    case null:
      if (evidence.containerStopped) return "containerStopped";
      if (exit.exitCode === null) return "lost";
      return exit.signal !== null && evidence.killedWith.has(exit.signal) ? "stopped" : "exited";
  }
}

function failedStart(
  startError: StartError,
): Pick<EndRecord, "exitCode" | "signal" | "reason" | "startError" | "startedAt"> {
  return {
    exitCode: startErrorExitCode(startError.kind),
    signal: null,
    reason: "startFailed",
    startError,
    startedAt: null,
  };
}
