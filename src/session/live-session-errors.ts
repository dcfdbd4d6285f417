import { type ExecSession, type StartError, startErrorExitCode } from "./exec-session.ts";
import { SessionError } from "./session-error.ts";
import { KILL_WAIT_MS } from "./stop-escalation.ts";

const MS_PER_SECOND = 1000;
const SHORT_ID_LENGTH = 12;

export function sessionGone({ id }: ExecSession): SessionError {
  return new SessionError("EXEC_SESSION_NOT_FOUND", `Session ${short(id)} has been removed.`, {
    details: { sessionId: id },
  });
}

/** The command never ran. */
export function notStarted(
  { id, config }: ExecSession,
  startError: StartError,
  cause: unknown,
): SessionError {
  const exitCode = startErrorExitCode(startError.kind);
  return new SessionError(
    "EXEC_START_FAILED",
    `Session ${short(id)} could not start ${JSON.stringify(config.command[0])}: ${startError.text}`,
    { details: { sessionId: id, startError, exitCode }, cause },
  );
}

/** Not even SIGKILL has ended it. */
export function notStopped({ id }: ExecSession): SessionError {
  return new SessionError(
    "EXEC_STOP_FAILED",
    `Session ${short(id)} did not end within ${KILL_WAIT_MS / MS_PER_SECOND} s after SIGKILL; is its container paused?`,
    { details: { sessionId: id } },
  );
}

/** What only a session with a terminal can do. */
export function notATerminal({ id }: ExecSession): SessionError {
  return new SessionError(
    "EXEC_NOT_A_TTY",
    `Cannot resize session ${short(id)}, which was created without tty.`,
  );
}

/** Its command was started by an earlier manager, and could not be found again yet. */
export function notReachable({ id }: ExecSession): SessionError {
  return new SessionError(
    "EXEC_RUNTIME_FAILED",
    `Session ${short(id)} was running when its last manager ended, and its runtime cannot be asked about it now.`,
  );
}

function short(id: string): string {
  return id.slice(0, SHORT_ID_LENGTH);
}
