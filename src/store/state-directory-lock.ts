import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SessionError } from "../session/session-error.ts";
import { readFileIdentity } from "./file-identity.ts";
import { HEARTBEAT_TIMING, Heartbeat, type HeartbeatTiming } from "./heartbeat.ts";
import { isOwnerAlive } from "./living-owner.ts";
import {
  type FoundClaim,
  findClaim,
  isClaimStanding,
  OWNER_FOLDER,
  type OwnerClaim,
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
  /** All that were placed and may still stand, each with its folder: the directory may be put away, made anew, and put back. */
  readonly #placed = new Map<string, string>();
  #claimName: string | null = null;
  #lostTo: { readonly owner: OwnerClaim | null } | null = null;

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
      if (await isOwnerAlive(found, this.#observer)) throw stateDirInUse(this.#directory, found.claim);
      withdrawClaim(this.#directory, found.name);
    }
    throw stateDirUnusable(this.#directory, new Error("its owners change faster than it can be taken"));
  }

  /**
   * Asked before every change of the directory. True: it is held, but is not as it was left: it has been deleted and made
   * again, or put back, and nothing in it is known to be what was last written. Throws EXEC_STATE_DIR_LOST, for ever, once
   * another process has taken over; EXEC_STORE_FAILED while there is no directory.
   */
  assertHeld(): boolean {
    if (this.#lostTo !== null) throw stateDirLost(this.#directory, this.#lostTo.owner);
    const isAsLeft = this.#isOwned();
    if (!isAsLeft) this.#takeAgain();
    this.#heartbeat.keepUp();
    return !isAsLeft;
  }

  /** After this the directory is free, unless it was another process's. */
  async release(): Promise<void> {
    await this.#heartbeat.stop();
    for (const name of this.#placed.keys()) withdrawClaim(this.#directory, name);
  }

  async #settleIn(): Promise<void> {
    await this.#heartbeat.start();
    await sweepPreparedClaims(this.#directory);
  }

  #place(): boolean {
    const name = placeClaim(this.#directory, this.#ownClaim);
    if (name === null) return false;
    this.#claimName = name;
    this.#placed.set(name, this.#ownerFolder() ?? "");
    return true;
  }

  /** The claim's folder tells: whoever takes over puts one of its own in the place of ours, and leaves it there in the end. */
  #takeAgain(): void {
    const folder = this.#ownerFolder();
    const isOurs = folder === null || [...this.#placed.values()].includes(folder);
    const found = findClaim(this.#directory);
    if (!isOurs) throw this.#loseTo(found);
    if (found !== null && this.#placed.has(found.name)) {
      this.#claimName = found.name;
    } else if (!existsSync(this.#directory) || !this.#place()) {
      const winner = findClaim(this.#directory);
      throw winner === null ? stateDirDeleted(this.#directory) : this.#loseTo(winner);
    }
  }

  #loseTo(winner: FoundClaim | null): SessionError {
    this.#lostTo = { owner: winner?.claim ?? null };
    return stateDirLost(this.#directory, this.#lostTo.owner);
  }

  #ownerFolder(): string | null {
    return readFileIdentity(join(this.#directory, OWNER_FOLDER));
  }

  #isOwned(): boolean {
    return this.#claimName !== null && isClaimStanding(this.#directory, this.#claimName);
  }

  get #observer() {
    return { directory: this.#directory, own: this.#ownClaim, timing: this.#timing };
  }
}
