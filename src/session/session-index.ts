import type { SessionState } from "./exec-session.ts";
import type { LiveSession } from "./live-session.ts";
import { SessionError } from "./session-error.ts";
import { isSessionId, parseSessionIdPrefix } from "./session-id.ts";

/** All sessions, found by id or by the unique beginning of one. */
export class SessionIndex {
  readonly #byId = new Map<string, LiveSession>();
  /** Those that have not ended: few, where thousands have. */
  readonly #open = new Set<LiveSession>();

  add(session: LiveSession): void {
    this.#byId.set(session.record.id, session);
    if (session.record.state !== "stopped") this.#open.add(session);
  }

  /** A session in it has ended. */
  noteEnded(session: LiveSession): void {
    this.#open.delete(session);
  }

  delete(session: LiveSession): void {
    this.#byId.delete(session.record.id);
    this.#open.delete(session);
  }

  values(): IterableIterator<LiveSession> {
    return this.#byId.values();
  }

  /** All that may be in a state, and maybe others; those that have ended are looked at only where they are asked for. */
  near(state: SessionState | undefined): Iterable<LiveSession> {
    return state === "created" || state === "running" ? this.#open : this.#byId.values();
  }

  /** Throws EXEC_INVALID_SESSION_ID, EXEC_SESSION_NOT_FOUND or EXEC_SESSION_AMBIGUOUS. */
  find(rawId: unknown): LiveSession {
    const prefix = parseSessionIdPrefix(rawId);
    const matches = isSessionId(prefix) ? this.#exact(prefix) : this.#beginningWith(prefix);
    const [first, second] = matches;
    if (first === undefined) {
      throw new SessionError(
        "EXEC_SESSION_NOT_FOUND",
        `There is no session ${prefix}; it may have been removed.`,
        {
          details: { sessionId: prefix },
        },
      );
    }
    if (second !== undefined) {
      throw new SessionError(
        "EXEC_SESSION_AMBIGUOUS",
        `${matches.length} session ids begin with ${prefix}; give more digits.`,
        { details: { sessionId: prefix, matches: matches.map((session) => session.record.id) } },
      );
    }
    return first;
  }

  #exact(id: string): LiveSession[] {
    const session = this.#byId.get(id);
    return session === undefined ? [] : [session];
  }

  #beginningWith(prefix: string): LiveSession[] {
    return [...this.#byId.values()].filter((session) => session.record.id.startsWith(prefix));
  }
}
