import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import {
  isSameProcessAlive,
  type LocalProcessIdentity,
  ownPidNamespace,
  readProcessIdentity,
} from "../process/process-identity.ts";
import { startTimeMs } from "../process/uptime.ts";
import { deleteTree } from "./delete-tree.ts";
import { systemCode } from "./store-error.ts";

/**
 * Holds exactly one file while the directory is owned: the owner's claim. Without one it is free to take. Each owner brings
 * a folder of its own.
 */
export const OWNER_FOLDER = "owner";
/** A claim being prepared beside it. */
const PREPARED_PREFIX = "owner.";

const claimSchema = z.object({
  pid: z.int().min(1),
  startTime: z.number(),
  bootId: z.string(),
  hostname: z.string(),
  pidNamespace: z.string(),
  /** By the clock as it was set at the claim, in ms since the epoch. Absent: an earlier version did not say. */
  bootedAtMs: z.number().optional(),
});

/** Who owns a state directory. A pid says nothing outside of its machine and its pid namespace, so both are named. */
export type OwnerClaim = LocalProcessIdentity & z.output<typeof claimSchema>;

/** A claim as it was found. */
export interface FoundClaim {
  readonly name: string;
  /** Null: it cannot be read. */
  readonly claim: OwnerClaim | null;
}

/**
 * Takes a free directory; the claim's name, or null if it is not free. Exactly one of many processes can win, and no
 * claim is ever half written: a folder takes another one's place only if that is empty, in one step (rename(2)).
 */
export function placeClaim(directory: string, claim: OwnerClaim): string | null {
  const name = randomBytes(CLAIM_NAME_BYTES).toString("hex");
  const prepared = join(directory, PREPARED_PREFIX + name);
  try {
    fs.mkdirSync(prepared, { mode: 0o700 });
    fs.writeFileSync(join(prepared, name), JSON.stringify(claim), { mode: 0o600 });
    fs.renameSync(prepared, join(directory, OWNER_FOLDER));
    return name;
  } catch (error) {
    discard(prepared);
    if (HELD.has(systemCode(error))) return null;
    throw error;
  }
}

/** Best effort, while the true error is on its way; what stays is swept by the next owner. */
function discard(prepared: string): void {
  try {
    fs.rmSync(prepared, { recursive: true, force: true });
  } catch {}
}

/** ENOENT: the winner has swept away what we had prepared. */
const HELD = new Set<string | undefined>(["ENOTEMPTY", "EEXIST", "ENOENT"]);
/** So many that no name is ever used twice: withdrawing a dead owner's claim can then never hit a live one's. */
const CLAIM_NAME_BYTES = 16;

/** The claim on a directory; null: it is free. */
export function findClaim(directory: string): FoundClaim | null {
  const [name] = namesIn(join(directory, OWNER_FOLDER));
  if (name === undefined) return null;
  const claim = readClaim(join(directory, OWNER_FOLDER, name));
  return claim === undefined ? null : { name, claim };
}

/** Whether exactly this claim stands. */
export function isClaimStanding(directory: string, name: string): boolean {
  return fs.statSync(join(directory, OWNER_FOLDER, name), { throwIfNoEntry: false }) !== undefined;
}

/** Ends a claim, our own or a dead owner's. Ended before: nothing to do. */
export function withdrawClaim(directory: string, name: string): void {
  try {
    fs.unlinkSync(join(directory, OWNER_FOLDER, name));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** Deletes what killed processes had prepared, once the directory is ours. */
export async function sweepPreparedClaims(directory: string): Promise<void> {
  for (const name of fs.readdirSync(directory)) {
    if (name.startsWith(PREPARED_PREFIX)) await sweep(join(directory, name));
  }
}

async function sweep(prepared: string): Promise<void> {
  try {
    await deleteTree(prepared);
  } catch (error) {
    // A living process is just putting its claim there; it discards it itself when it finds the directory taken.
    if (systemCode(error) !== "ENOTEMPTY") throw error;
  }
}

/** The claim of this process. */
export function ownClaim(): OwnerClaim {
  const identity = readProcessIdentity(process.pid);
  if (identity === null) throw new Error("this process is not in /proc");
  return { ...identity, hostname: hostname(), pidNamespace: ownPidNamespace(), bootedAtMs: startTimeMs(0) };
}

/** What a claim alone proves about its owner. */
export type OwnerVerdict = "alive" | "dead" | "unknown";

/** Judges an owner by the process that it names. Unknown: it is not of this machine, or of another pid namespace. */
export function judgeOwner(owner: OwnerClaim, own: OwnerClaim): OwnerVerdict {
  if (owner.bootId !== own.bootId) return owner.hostname === own.hostname ? "dead" : "unknown";
  if (owner.pidNamespace !== own.pidNamespace) return "unknown";
  return isSameProcessAlive(owner) ? "alive" : "dead";
}

/** More than what reading two clocks one after the other makes of it. */
const SAME_CLOCK_MS = 1_000;

/** Whether the owner's clock can be compared with ours: it is the same, and has not been set since the claim. */
export function isSameClock(owner: OwnerClaim, own: OwnerClaim): boolean {
  if (owner.bootId !== own.bootId) return false;
  const { bootedAtMs = 0 } = own;
  return Math.abs((owner.bootedAtMs ?? bootedAtMs) - bootedAtMs) < SAME_CLOCK_MS;
}

/** Undefined: it has just been withdrawn. Null: it is no claim, as after a power cut. */
function readClaim(path: string): OwnerClaim | null | undefined {
  try {
    return parseClaim(fs.readFileSync(path, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parseClaim(text: string): OwnerClaim | null {
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
