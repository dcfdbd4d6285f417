import type { OutputLimits } from "../session/exec-config.ts";

/** What decides which output is kept. */
export interface LogExtent {
  /** The offset of the oldest byte kept. */
  readonly start: number;
  /** The offset after the newest byte. */
  readonly end: number;
  /** Where the slowest registered consumer is. Undefined: none is registered. */
  readonly slowest: number | undefined;
}

/** The offset before which output may be dropped; what must go at once and what may go as well are the same here. */
export function keepFrom(
  { maxBytes, replayBytes, policy }: OutputLimits,
  { end, slowest }: LogExtent,
): number {
  const beyondLimit = end - maxBytes;
  if (slowest === undefined) return policy === "block" ? 0 : beyondLimit;
  const beyondReplay = slowest - replayBytes;
  const droppable = policy === "block" ? Math.min(beyondLimit, slowest) : beyondLimit;
  return Math.max(beyondReplay, droppable);
}

/** How much is kept that the slowest consumer has yet to read; everything kept if there is none. */
export function unreadBytes({ start, end, slowest }: LogExtent): number {
  return end - Math.max(start, slowest ?? start);
}

/** How much of a dropped range some registered consumer had not read; all of it if there is none. */
export function unreadBytesOf(
  { from, to }: { readonly from: number; readonly to: number },
  slowest: number | undefined,
): number {
  return Math.max(0, to - Math.max(from, slowest ?? from));
}
