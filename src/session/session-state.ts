import type { ExecSession, SessionState } from "./exec-session.ts";
import { SessionError } from "./session-error.ts";

/** A verb whose use depends on the session's state. */
export type GuardedVerb = "start" | "stop" | "kill" | "resize" | "write" | "cleanup" | "remove";

/** Which verb each state allows. Stop on a stopped session has nothing to do and succeeds, since users cannot avoid that race. */
const allowedVerbs: Readonly<Record<SessionState, ReadonlySet<GuardedVerb>>> = {
  created: new Set<GuardedVerb>(["start", "cleanup", "remove"]),
  running: new Set<GuardedVerb>(["stop", "kill", "resize", "write"]),
  stopped: new Set<GuardedVerb>(["stop", "cleanup", "remove"]),
};

/** Which other state may follow which. */
const nextStates: Readonly<Record<SessionState, ReadonlySet<SessionState>>> = {
  created: new Set<SessionState>(["running", "stopped"]),
  running: new Set<SessionState>(["stopped"]),
  stopped: new Set<SessionState>([]),
};

const advice: Readonly<Record<GuardedVerb, string>> = {
  start: "a session starts only once; create a new one",
  stop: "only a running session can be stopped; remove it instead",
  kill: "only a running session takes signals",
  resize: "only a running session can be resized",
  write: "only a running session reads standard input",
  cleanup: "stop it first",
  remove: "stop it first, or remove it with force",
};

/** Throws EXEC_WRONG_STATE unless the session's state allows the verb. */
export function assertVerbAllowed(verb: GuardedVerb, session: Pick<ExecSession, "id" | "state">): void {
  if (!allowedVerbs[session.state].has(verb)) throw wrongState(verb, session.id, session.state);
}

/** The error for a verb that came at the wrong time. */
export function wrongState(verb: GuardedVerb, id: string, state: SessionState | "starting"): SessionError {
  return new SessionError(
    "EXEC_WRONG_STATE",
    `Cannot ${verb} session ${id.slice(0, 12)}, which is ${state}: ${advice[verb]}.`,
    {
      details: { verb, sessionId: id, state },
    },
  );
}

/** The record of a session that was begun then, which is all that is known. */
export function beginSession(session: ExecSession, begun: Date): ExecSession {
  return advance(session, { state: "running", startedAt: begun.toISOString() });
}

/** The record's next revision; the only way a session changes its state. A forbidden change of state is a bug, and throws. */
export function advance(
  session: ExecSession,
  change: Partial<Omit<ExecSession, "id" | "revision">>,
): ExecSession {
  const state = change.state ?? session.state;
  if (state !== session.state && !nextStates[session.state].has(state)) {
    throw new Error(`a session cannot go from ${session.state} to ${state}`);
  }
  return { ...session, ...change, revision: session.revision + 1 };
}
