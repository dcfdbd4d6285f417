import type { LiveSession } from "./live-session.ts";

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

/** Whether a session was created and not started for so long that nobody will start it. */
export function isForgotten({ record }: LiveSession, now: number, { maxAgeMs }: RetentionLimits): boolean {
  return record.state === "created" && now - Date.parse(record.createdAt) > maxAgeMs;
}

type EndedLimits = Pick<RetentionLimits, "maxEnded" | "maxAgeMs">;

/** Ended sessions in the order of their end, so that finding the oldest costs nothing. */
export class EndedSessions {
  readonly #limits: EndedLimits;
  readonly #queue = new Set<LiveSession>();

  constructor(limits: EndedLimits) {
    this.#limits = limits;
  }

  add(session: LiveSession): void {
    this.#queue.add(session);
  }

  delete(session: LiveSession): void {
    this.#queue.delete(session);
  }

  /** Takes out the sessions that are to be removed now; those being read are left for the next time. */
  takeExpired(now: number): LiveSession[] {
    const expired: LiveSession[] = [];
    let excess = this.#queue.size - this.#limits.maxEnded;
    for (const session of this.#queue) {
      const isTooMany = excess-- > 0;
      if (!isTooMany && now - endTime(session) <= this.#limits.maxAgeMs) break;
      if (session.output.isInUse) continue;
      this.#queue.delete(session);
      expired.push(session);
    }
    return expired;
  }
}

function endTime(session: LiveSession): number {
  return Date.parse(session.record.end?.endedAt ?? session.record.createdAt);
}
