import { HEARTBEAT_TIMING, type HeartbeatTiming, hasHeartbeat } from "./heartbeat.ts";
import {
  type FoundClaim,
  findClaim,
  isSameClock,
  judgeOwner,
  type OwnerClaim,
  ownClaim,
} from "./owner-claim.ts";

/**
 * Who owns a directory now. Where the owner's process cannot be seen from here, its signs of life are waited for, which
 * takes seconds. Null: nobody who lives.
 */
export async function findLivingOwner(directory: string): Promise<FoundClaim | null> {
  const found = findClaim(directory);
  if (found === null) return null;
  const isAlive = await isOwnerAlive(found, { directory, own: ownClaim(), timing: HEARTBEAT_TIMING });
  return isAlive ? found : null;
}

/** Whether the owner that a claim names lives, as far as the one who asks, with a claim of its own, can tell. */
export async function isOwnerAlive(
  { claim }: FoundClaim,
  { directory, own, timing }: { directory: string; own: OwnerClaim; timing: HeartbeatTiming },
): Promise<boolean> {
  // A torn claim is of before a power cut, and its owner gone with that.
  if (claim === null) return hasHeartbeat({ directory, timing, isSameClock: true });
  const verdict = judgeOwner(claim, own);
  if (verdict !== "unknown") return verdict === "alive";
  return hasHeartbeat({ directory, timing, isSameClock: isSameClock(claim, own) });
}
