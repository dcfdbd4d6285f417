import type { EndReason, EndRecord, StartError } from "./exec-session.ts";
import { startErrorExitCode } from "./exec-session.ts";
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
  readonly heldOpen: boolean;
  readonly truncated: number;
}

/** The end record that the evidence supports, and no more: what nobody knows stays null. */
export function createEndRecord(evidence: EndEvidence): EndRecord {
  const { exit } = evidence;
  const base = {
    endedAt: new Date().toISOString(),
    heldOpen: evidence.heldOpen,
    truncated: evidence.truncated,
  };
  if (exit.startError !== null) return { ...failedStart(exit.startError), ...base };
  return {
    exitCode: exit.exitCode,
    signal: exit.signal,
    reason: endReason(evidence),
    startError: null,
    startedAt: evidence.startedAt,
    ...base,
  };
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
