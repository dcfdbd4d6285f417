import type { SeededRandom } from "../support/seeded-random.ts";
import type { Lane } from "./lane.ts";

/** What one write of a command prints: bytes of the pool, after a pause. */
interface Piece {
  readonly stream: "stdout" | "stderr";
  readonly bytes: number;
  /** Which block of that many bytes of the pool. */
  readonly block: number;
  readonly pauseMs: number;
}

/** A command of which everything is known before it runs. */
export interface Job {
  readonly id: string;
  readonly lane: Lane;
  readonly pieces: readonly Piece[];
  readonly exitCode: number;
  /** What it exits with when it is sent SIGTERM. Null: the signal ends it. */
  readonly exitCodeOnTerm: number | null;
  /** What its log holds at the most: while nobody reads, the command waits. Undefined: the log is large enough for all. */
  readonly logBytes: number | undefined;
  /** At which of its messages Node-RED dies, once: at so many, or at that of its end. Undefined: at none. */
  readonly dieAt: number | "end" | undefined;
  /** How long after the round's beginning it is begun. */
  readonly startMs: number;
}

/** What the commands print parts of. */
export const POOL_BYTES = 4 * 1024 * 1024;

const KIB = 1024;
const EXIT_CODES = 256;
const MAX_START_MS = 400;
/** Every so many jobs is the end of Node-RED. */
const JOBS_PER_DEATH = 12;
const MAX_DEATH_MESSAGE = 12;

/** How a command prints: so many pieces, each of so many bytes, after so long, at the most. */
const MANNERS = {
  silent: { pieces: 0, bytes: 0, pauseMs: 0 },
  short: { pieces: 4, bytes: 4 * KIB, pauseMs: 0 },
  trickle: { pieces: 60, bytes: 2 * KIB, pauseMs: 120 },
  steady: { pieces: 60, bytes: 64 * KIB, pauseMs: 60 },
  burst: { pieces: 30, bytes: 512 * KIB, pauseMs: 0 },
  flood: { pieces: 24, bytes: KIB * KIB, pauseMs: 2 },
} as const;
type Manner = keyof typeof MANNERS;

const LOG_BYTES = [undefined, undefined, KIB * KIB, 64 * KIB] as const;

/** A message for each line takes its time, so those that make lines print less. */
const MANNERS_OF = {
  chunk: ["silent", "short", "trickle", "trickle", "steady", "steady", "burst", "flood"],
  line: ["silent", "short", "trickle", "trickle", "steady"],
} as const satisfies Record<Lane["unit"], readonly [Manner, ...Manner[]]>;

/** Throws the dice for one command. `mayDie`: one of its messages may be the end of Node-RED. */
export function planJob(random: SeededRandom, id: string, lane: Lane, mayDie: boolean): Job {
  const { pieces, bytes, pauseMs } = MANNERS[random.pick(MANNERS_OF[lane.unit])];
  const planPiece = (): Piece => {
    const length = 1 + random.below(bytes);
    return {
      stream: random.pick(["stdout", "stdout", "stderr"]),
      bytes: length,
      block: random.below(Math.floor(POOL_BYTES / length)),
      pauseMs: random.below(pauseMs + 1),
    };
  };
  return {
    id,
    lane,
    pieces: Array.from({ length: pieces === 0 ? 0 : 1 + random.below(pieces) }, planPiece),
    exitCode: random.below(EXIT_CODES),
    exitCodeOnTerm: random.below(2) === 0 ? random.below(EXIT_CODES) : null,
    logBytes: random.pick(LOG_BYTES),
    dieAt: mayDie ? planDeath(random) : undefined,
    startMs: random.below(MAX_START_MS),
  };
}

function planDeath(random: SeededRandom): Job["dieAt"] {
  if (random.below(JOBS_PER_DEATH) > 0) return undefined;
  return random.below(2) === 0 ? "end" : 1 + random.below(MAX_DEATH_MESSAGE);
}

/** For sh and dd, of which every system has one; the pool's path is the first argument, then four for each piece. */
const PRINT = `pool=$1; code=$2; shift 2
while [ $# -gt 0 ]; do
  [ "$4" = 0 ] || sleep "$4"
  case $1 in
    stdout) dd if="$pool" bs="$2" skip="$3" count=1 2>/dev/null;;
    stderr) dd if="$pool" bs="$2" skip="$3" count=1 >&2 2>/dev/null;;
  esac
  shift 4
done
exit "$code"`;

const MS_PER_SECOND = 1000;

/** The job's command, for a container in which the pool has this path. */
export function commandOf({ pieces, exitCode, exitCodeOnTerm }: Job, poolPath: string): readonly string[] {
  const trap = exitCodeOnTerm === null ? "" : `trap 'exit ${exitCodeOnTerm}' TERM\n`;
  const schedule = pieces.flatMap(({ stream, bytes, block, pauseMs }) =>
    [stream, bytes, block, pauseMs / MS_PER_SECOND].map(String),
  );
  return ["sh", "-c", trap + PRINT, "sh", poolPath, String(exitCode), ...schedule];
}

/** All that the job prints on one stream, if nothing ends it early. */
export function outputOf({ pieces }: Job, stream: "stdout" | "stderr", pool: Buffer): Buffer {
  const own = pieces.filter((piece) => piece.stream === stream);
  return Buffer.concat(own.map(({ bytes, block }) => pool.subarray(block * bytes, (block + 1) * bytes)));
}
