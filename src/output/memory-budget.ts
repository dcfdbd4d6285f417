const KIB = 1024;
const MIB = 1024 * KIB;

/** What all logs of a process together hold before each of them has to do with little. */
const SHARED_BYTES = 64 * MIB;
/** Written output kept for readers near the live edge. */
const TAIL_BYTES = MIB;
const TIGHT_TAIL_BYTES = 64 * KIB;
/** Unwritten output that is written without waiting for the timer: one large write instead of many small ones. */
const SPILL_BYTES = MIB;
const TIGHT_SPILL_BYTES = 128 * KIB;
/** How far consumers may lag behind the command before what they are about to pass is written nevertheless. */
const CONSUMER_LAG_BYTES = 2 * MIB;
/** A replay window up to this size is held in memory, so that output which consumers pass quickly is never written. */
const MAX_HELD_REPLAY_BYTES = 8 * MIB;
/** What may come in while a write is under way, before the command has to wait for the disk. */
const BEHIND_BYTES = 8 * MIB;
const TIGHT_BEHIND_BYTES = MIB;

/** How much output one log may hold in memory. */
export interface MemoryLimits {
  /** Written output. */
  readonly tailBytes: number;
  /** Unwritten output that starts a write. */
  readonly spillBytes: number;
  /** Unwritten output beyond which no more is welcome. */
  readonly unsavedBytes: number;
}

const TIGHT_LIMITS: MemoryLimits = {
  tailBytes: TIGHT_TAIL_BYTES,
  spillBytes: TIGHT_SPILL_BYTES,
  unsavedBytes: TIGHT_SPILL_BYTES + TIGHT_BEHIND_BYTES,
};
const WRITING_LIMITS: MemoryLimits = limitsFor(SPILL_BYTES);

/** The memory that all logs of a process share: plenty for a few busy ones, little for each of hundreds. */
export class MemoryBudget {
  #usedBytes = 0;

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Tells that a log holds so much more, or less. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** What a log may hold now. `replayBytes` is what its consumers leave behind them; null: it has no consumer. */
  limits(replayBytes: number | null): MemoryLimits {
    if (this.#usedBytes > SHARED_BYTES) return TIGHT_LIMITS;
    if (replayBytes === null || replayBytes > MAX_HELD_REPLAY_BYTES) return WRITING_LIMITS;
    return limitsFor(replayBytes + CONSUMER_LAG_BYTES);
  }
}

function limitsFor(spillBytes: number): MemoryLimits {
  return { tailBytes: TAIL_BYTES, spillBytes, unsavedBytes: spillBytes + BEHIND_BYTES };
}
