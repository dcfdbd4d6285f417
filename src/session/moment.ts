import { uptime } from "node:os";

/** A point in time on two clocks: the one that people and time servers set, and the one that only ever goes on. */
export interface Moment {
  /** Since the epoch, as the clock is set then. */
  readonly wallMs: number;
  /** Since the machine's boot, suspended or not, to some hundredths of a second: what passes between two moments. */
  readonly uptimeMs: number;
}

export function thisMoment(): Moment {
  return { wallMs: Date.now(), uptimeMs: uptime() * MS_PER_SECOND };
}

const MS_PER_SECOND = 1000;
