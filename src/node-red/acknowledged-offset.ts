import type { OutputLimits } from "../session/exec-config.ts";
import { type DeliveryProgress, firstUnsent } from "./resume-registry.ts";

/** Of what the log keeps: so much may have been delivered without being written down. */
const UNWRITTEN_PART = 1 / 4;
/** And so much may wait for the rest of its line: a log that blocks the command must not wait for a line that cannot end. */
const UNSENT_PART = 1 / 2;

/** How much may have been delivered before it must be written down how far delivery has come. */
export function maxUnwrittenBytes({ maxBytes }: OutputLimits): number {
  return maxBytes * UNWRITTEN_PART;
}

/**
 * The offset before which the log may drop output: what has not been sent is needed, and what a crash of this process would
 * make be delivered again, which begins at `neededFrom`. A log that blocks the command keeps nothing before the offset once
 * it is full; the others have their replay window.
 */
export function acknowledgedOffset(
  progress: DeliveryProgress,
  neededFrom: number,
  { maxBytes, replayBytes, policy }: OutputLimits,
): number {
  const replayable = neededFrom + (policy === "block" ? 0 : replayBytes);
  return Math.max(Math.min(firstUnsent(progress), replayable), progress.position - maxBytes * UNSENT_PART);
}
