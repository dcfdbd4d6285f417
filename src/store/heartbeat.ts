import { rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { systemCode } from "./store-error.ts";

/** A folder whose modification time the owner keeps renewing: its sign of life for those who cannot see its process. */
const LOCK_FOLDER = "lock";

export interface HeartbeatTiming {
  /** How often the owner renews. At least 1000, which is proper-lockfile's bound. */
  readonly renewMs: number;
  /** An owner that has not renewed for this long is taken for dead by those who cannot see its process. */
  readonly staleMs: number;
}

/** proper-lockfile's own defaults. */
export const HEARTBEAT_TIMING: HeartbeatTiming = { renewMs: 5_000, staleMs: 10_000 };

export interface HeartbeatOptions {
  readonly directory: string;
  readonly timing: HeartbeatTiming;
  /** Whether the directory is still ours; if not, its lock is another process's. */
  readonly isOwned: () => boolean;
}

/** The owner's side. Its timers keep no process running. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #beat: { readonly release: () => Promise<void> } | null = null;
  #starting: Promise<void> | null = null;
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Begins, over whatever an earlier owner left: only the claim decides who owns the directory. */
  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /** Begins anew if someone took the folder away. While the disk refuses that, every further call tries again. */
  keepUp(): void {
    if (this.#beat === null && !this.#stopped) this.start().catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#starting?.catch(() => {});
    // Fails if someone took the folder away; then nothing of ours is left to release.
    if (this.#options.isOwned()) await this.#beat?.release().catch(() => {});
    this.#beat = null;
  }

  async #start(): Promise<void> {
    const { directory, timing, isOwned } = this.#options;
    if (!isOwned()) return;
    const lockfilePath = join(directory, LOCK_FOLDER);
    removeFolder(lockfilePath);
    const release = await lock(directory, {
      lockfilePath,
      // Never by age: proper-lockfile's takeover can let two processes win, and a paused owner is still the owner.
      stale: Number.POSITIVE_INFINITY,
      update: timing.renewMs,
      // The default throws out of a timer, which would end Node-RED.
      onCompromised: () => this.#onLost(release),
    });
    this.#beat = { release };
  }

  #onLost(release: () => Promise<void>): void {
    if (this.#beat?.release !== release) return;
    this.#beat = null;
    this.keepUp();
  }
}

export interface HeartbeatSearch {
  readonly directory: string;
  readonly timing: HeartbeatTiming;
  /** Whether the age of the last renewal can be told: the owner has our clock, which has not been set meanwhile. */
  readonly isSameClock: boolean;
}

/** The observer's side: whether the owner renews. Waits for as long as a live one may take to. */
export async function hasHeartbeat({ directory, timing, isSameClock }: HeartbeatSearch): Promise<boolean> {
  const first = renewedAtMs(directory);
  const ageMs = isSameClock && first !== null ? Math.max(Date.now() - first, 0) : 0;
  const deadline = performance.now() + (first === null ? STARTING_MS : timing.staleMs - ageMs);
  while (performance.now() < deadline) {
    await wait(POLL_MS);
    const latest = renewedAtMs(directory);
    if (latest !== first) return latest !== null;
  }
  return false;
}

/** Between an owner's claim and its first beat lie a few calls of the file system. */
const STARTING_MS = 1_000;
const POLL_MS = 50;

/** Null: there is no folder, since its owner has just begun, or has exited. */
function renewedAtMs(directory: string): number | null {
  return statSync(join(directory, LOCK_FOLDER), { throwIfNoEntry: false })?.mtimeMs ?? null;
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
