import type { LiveSession } from "./live-session.ts";
import { type Moment, thisMoment } from "./moment.ts";

type QueueLimits = { readonly maxCount: number; readonly maxAgeMs: number };

/**
 * Sessions in the order in which they ended, or were created, so that finding the oldest costs nothing. Their ages do not
 * depend on what the clock is set to later: set forward by a month, it would make every session seem old enough to go.
 */
export class AgingSessions {
  readonly #limits: QueueLimits;
  /** Each with the uptime at that moment; before the boot that is less than nothing. */
  readonly #queue = new Map<LiveSession, number>();

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(session: LiveSession, now: Moment = thisMoment()): void {
    this.#queue.set(session, now.uptimeMs - Math.max(now.wallMs - ageBegins(session), 0));
  }

  delete(session: LiveSession): void {
    this.#queue.delete(session);
  }

  /** Takes out the sessions that are to be removed now; those being read are left for the next time. */
  takeExpired({ uptimeMs }: Pick<Moment, "uptimeMs"> = thisMoment()): LiveSession[] {
    const expired: LiveSession[] = [];
    let excess = this.#queue.size - this.#limits.maxCount;
    for (const [session, sinceUptimeMs] of this.#queue) {
      const isTooMany = excess-- > 0;
      if (!isTooMany && uptimeMs - sinceUptimeMs <= this.#limits.maxAgeMs) break;
      if (session.output.isInUse) continue;
      this.#queue.delete(session);
      expired.push(session);
    }
    return expired;
  }
}

function ageBegins(session: LiveSession): number {
  return Date.parse(session.record.end?.endedAt ?? session.record.createdAt);
}
