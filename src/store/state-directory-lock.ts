import { statSync } from "node:fs";
import { HEARTBEAT_TIMING, Heartbeat, type HeartbeatTiming, hasHeartbeat } from "./heartbeat.ts";
import {
  type FoundClaim,
  findClaim,
  isClaimStanding,
  judgeOwner,
  ownClaim,
  placeClaim,
  sweepPreparedClaims,
  withdrawClaim,
} from "./owner-claim.ts";
import { stateDirDeleted, stateDirInUse, stateDirLost, stateDirUnusable } from "./store-error.ts";

/** Each attempt but the last finds that an owner has just gone; only a defect could make so many in a row. */
const MAX_ATTEMPTS = 100;

/**
 * The ownership of a state directory, which one process at the most has at any time. The claim decides: it names the
 * owner's process, so that whoever finds that dead takes over at once, and whoever finds it alive (stopped, too) never
 * does. The heartbeat speaks for an owner whose process cannot be seen, on another machine or in another pid namespace.
 */
export class StateDirectoryLock {
  readonly #directory: string;
  readonly #timing: HeartbeatTiming;
  readonly #heartbeat: Heartbeat;
  readonly #ownClaim = ownClaim();
  #claimName: string | null = null;
  #inode = "";
  #lostTo: { readonly pid: number | null } | null = null;

  constructor(directory: string, timing: HeartbeatTiming = HEARTBEAT_TIMING) {
    this.#directory = directory;
    this.#timing = timing;
    this.#heartbeat = new Heartbeat({ directory, timing, isOwned: () => this.#isOwned() });
  }

  /** Throws EXEC_STATE_DIR_IN_USE while the owner lives, also if it is this process. After any error, release. */
  async acquire(): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (this.#place()) return this.#settleIn();
      const found = findClaim(this.#directory);
      if (found === null) continue;
      if (await this.#isAlive(found)) throw stateDirInUse(this.#directory, found.claim?.pid ?? null);
      withdrawClaim(this.#directory, found.name);
    }
    throw stateDirUnusable(this.#directory, new Error("its owners change faster than it can be taken"));
  }

  /**
   * Asked before every change of the directory. Throws EXEC_STATE_DIR_LOST, for ever, once another process has taken
   * over. A directory that was deleted is taken again as soon as there is one; until then, EXEC_STORE_FAILED.
   */
  assertHeld(): void {
    if (this.#lostTo !== null) throw stateDirLost(this.#directory, this.#lostTo.pid);
    if (!this.#isOwned()) this.#placeAgain();
    this.#heartbeat.keepUp();
  }

  /** After this the directory is free, unless it was another process's. */
  async release(): Promise<void> {
    await this.#heartbeat.stop();
    if (this.#claimName !== null) withdrawClaim(this.#directory, this.#claimName);
  }

  async #settleIn(): Promise<void> {
    await this.#heartbeat.start();
    await sweepPreparedClaims(this.#directory);
  }

  #place(): boolean {
    const name = placeClaim(this.#directory, this.#ownClaim);
    if (name === null) return false;
    this.#claimName = name;
    this.#inode = readInode(this.#directory) ?? "";
    return true;
  }

  /** Where only the claim has gone, and not the directory, another process has taken over, and may have ended since. */
  #placeAgain(): void {
    const inode = readInode(this.#directory);
    if (inode === null) throw stateDirDeleted(this.#directory);
    if (inode !== this.#inode && this.#place()) return;
    this.#lostTo = { pid: findClaim(this.#directory)?.claim?.pid ?? null };
    throw stateDirLost(this.#directory, this.#lostTo.pid);
  }

  #isOwned(): boolean {
    return this.#claimName !== null && isClaimStanding(this.#directory, this.#claimName);
  }

  async #isAlive({ claim }: FoundClaim): Promise<boolean> {
    const verdict = claim === null ? "unknown" : judgeOwner(claim, this.#ownClaim);
    return verdict === "unknown" ? hasHeartbeat(this.#directory, this.#timing) : verdict === "alive";
  }
}

/** Tells a directory from another one that has its path, and maybe its inode number, later. Null: there is none. */
function readInode(directory: string): string | null {
  const stat = statSync(directory, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`;
}
