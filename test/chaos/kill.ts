import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SeededRandom } from "../support/seeded-random.ts";

/**
 * What happens to the processes at a moment of its own. `runtime` is the attached `crun exec` or `runc exec` of one session.
 * A deploy kills nothing, but replaces nodes while messages are on their way.
 */
const TIMED_KINDS = [
  "Node-RED SIGKILL",
  "Node-RED SIGTERM",
  "host SIGKILL",
  "host SIGTERM",
  "runtime SIGKILL",
  "deploy of nodes",
  "deploy of everything",
] as const;
type TimedKind = (typeof TIMED_KINDS)[number];

/** Node-RED dies in the middle of a message, as by a fault of some other node. */
export const MESSAGE_DEATH = "Node-RED at a message";

export const KILL_KINDS = [...TIMED_KINDS, MESSAGE_DEATH] as const;
export type KillKind = (typeof KILL_KINDS)[number];

/** One event of a round. */
export interface Kill {
  readonly kind: TimedKind;
  /** How long after the round's beginning. */
  readonly atMs: number;
  /** From 0 to below 1: which of the processes, or of the nodes. */
  readonly choice: number;
}

const MAX_KILLS = 3;
/** Most commands run as long. */
const MAX_AT_MS = 3000;
/** Every so many rounds nothing is killed. */
const ROUNDS_PER_REST = 10;

/** Throws the dice for a round. `kinds` are those to choose from. */
export function planKills(random: SeededRandom, kinds: readonly KillKind[]): readonly Kill[] {
  const [first, ...rest] = TIMED_KINDS.filter((kind) => kinds.includes(kind));
  const count = 1 + random.below(MAX_KILLS);
  if (first === undefined || random.below(ROUNDS_PER_REST) === 0) return [];
  const kills = Array.from({ length: count }, () => ({
    kind: random.pick([first, ...rest]),
    atMs: random.below(MAX_AT_MS),
    choice: random.next(),
  }));
  return kills.sort((a, b) => a.atMs - b.atMs);
}

/** A runtime that waits for a session's command. */
export interface AttachedProcess {
  readonly pid: number;
  readonly sessionId: string;
}

/** The runtimes' processes that run for the sessions of a state directory. */
export function findRuntimes(stateDir: string): readonly AttachedProcess[] {
  const sessions = join(stateDir, "sessions/");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const words = readCommand(pid);
      const file = words[words.indexOf("--process") + 1] ?? "";
      const [sessionId = ""] = file.slice(sessions.length).split("/");
      return file.startsWith(sessions) ? [{ pid: Number(pid), sessionId }] : [];
    });
}

/** Empty: it has just ended. */
function readCommand(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
