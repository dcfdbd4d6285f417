import { AgingSessions } from "./aging-sessions.ts";
import type { LiveSession } from "./live-session.ts";
import { thisMoment } from "./moment.ts";
import { errorText } from "./session-error.ts";

/** Which sessions are kept, of those that have ended or were never started. */
export interface RetentionLimits {
  /** Of the ended ones the newest so many. */
  readonly maxEnded: number;
  /** And none that ended, or was created, longer ago than this, in milliseconds. */
  readonly maxAgeMs: number;
  /** Ages are looked at so often, in milliseconds. */
  readonly everyMs: number;
}

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Enough to look back over a busy week; a record without output takes about 2 KiB of disk. */
export const DEFAULT_RETENTION: RetentionLimits = { maxEnded: 1000, maxAgeMs: 7 * DAY_MS, everyMs: HOUR_MS };

/** Removes what has become too old, or too many: when a session ends, and from time to time. */
export class Retention {
  readonly #ended: AgingSessions;
  /** Since they were created, also those that have been started meanwhile. */
  readonly #created: AgingSessions;
  readonly #timer: NodeJS.Timeout;
  readonly #report: (sentence: string) => void;

  constructor({ maxEnded, maxAgeMs, everyMs }: RetentionLimits, report: (sentence: string) => void) {
    this.#ended = new AgingSessions({ maxCount: maxEnded, maxAgeMs });
    this.#created = new AgingSessions({ maxCount: Number.POSITIVE_INFINITY, maxAgeMs });
    this.#timer = setInterval(() => this.sweep(), everyMs).unref();
    this.#report = report;
  }

  /** From now on its age counts. Ended ones are to be taken in in the order in which they ended. */
  takeIn(session: LiveSession): void {
    if (session.record.state === "created") this.#created.add(session);
    if (session.record.state === "stopped") this.#ended.add(session);
  }

  noteEnded(session: LiveSession): void {
    const now = thisMoment();
    this.#ended.add(session, now);
    this.#remove(this.#ended.takeExpired(now));
  }

  forget(session: LiveSession): void {
    this.#ended.delete(session);
    this.#created.delete(session);
  }

  sweep(): void {
    this.#remove(this.#created.takeExpired().filter(({ record }) => record.state === "created"));
    this.#remove(this.#ended.takeExpired());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #remove(sessions: readonly LiveSession[]): void {
    for (const session of sessions) {
      session
        .remove(null)
        .catch((error) => this.#report(`An expired session was not removed: ${errorText(error)}`));
    }
  }
}
