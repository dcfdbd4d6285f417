import type { EndRecord } from "../session/exec-session.ts";
import { type ErrorCode, SessionError } from "../session/session-error.ts";

/** Which ends of a command a node counts as errors: none, every one but exit code 0, or those the command did not choose. */
export type ExitPolicy = "never" | "nonzero" | "signal";

/** The error that the policy makes of an end. Undefined: the end is a result like any other. */
export function exitError(policy: ExitPolicy, sessionId: string, end: EndRecord): SessionError | undefined {
  const code = errorCode(policy, end);
  if (code === undefined) return undefined;
  return new SessionError(code, `Session ${sessionId.slice(0, 12)} ${story(end)}.`, {
    details: { sessionId, end },
    cause: end,
  });
}

/** Whether an error is one that a node makes of how a command ended. */
export function isExitError(code: string | undefined): boolean {
  return code !== undefined && EXIT_ERRORS.has(code);
}

const EXIT_ERRORS: ReadonlySet<string> = new Set<ErrorCode>([
  "EXEC_TIMED_OUT",
  "EXEC_EXIT_UNKNOWN",
  "EXEC_SIGNALLED",
  "EXEC_NONZERO_EXIT",
]);

function errorCode(policy: ExitPolicy, end: EndRecord): ErrorCode | undefined {
  if (end.reason === "startFailed") return "EXEC_START_FAILED";
  if (policy === "never") return undefined;
  if (end.reason === "timeout") return "EXEC_TIMED_OUT";
  if (end.exitCode === null) return "EXEC_EXIT_UNKNOWN";
  if (wasSignalled(end)) return "EXEC_SIGNALLED";
  return policy === "nonzero" && end.exitCode !== 0 ? "EXEC_NONZERO_EXIT" : undefined;
}

/** Not every runtime tells the signal; that the session was stopped and the command did not exit with 0 says as much. */
function wasSignalled(end: EndRecord): boolean {
  return end.signal !== null || (end.reason !== "exited" && end.exitCode !== 0);
}

function story(end: EndRecord): string {
  const how = end.signal === null ? `with exit code ${end.exitCode}` : `by ${end.signal}`;
  switch (end.reason) {
    case "exited":
      return end.exitCode === null ? "ended, and nothing knows how" : `ended ${how}`;
    case "stopped":
      return `was stopped and ended ${how}`;
    case "timeout":
      return `ran longer than its timeout and ended ${how}`;
    case "outputLimit":
      return `was stopped because its unread output passed the limit, and ended ${how}`;
    case "containerStopped":
      return `ended ${how} because its container stopped`;
    case "startFailed":
      return `did not start: ${end.startError?.text ?? "nothing knows why"}`;
    case "lost":
      return "is gone, and nothing knows how it ended";
  }
}
