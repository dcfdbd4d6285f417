import { SeededRandom } from "../support/seeded-random.ts";
import { ChaosPlace } from "./chaos-place.ts";
import { ChaosWorld } from "./chaos-world.ts";
import { addRound, type Figures, noFigures } from "./figures.ts";
import { planJob } from "./job.ts";
import { type KillKind, MESSAGE_DEATH, planKills } from "./kill.ts";
import { LANES } from "./lane.ts";
import { type RoundPlan, type RoundReport, runRound } from "./round.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly rounds: number;
  /** The number of the first round, from 1 on: later ones can be had without those before. */
  readonly first: number;
  /** What may be killed. */
  readonly kinds: readonly KillKind[];
  /** Ends the run after the round under way. */
  readonly signal: AbortSignal;
  /** Told of each round. */
  readonly onRound: (number: number, report: RoundReport) => void;
}

/** So many rounds share a Node-RED, its user directory and its session host; then all is ended, looked at and begun anew. */
const ROUNDS_PER_WORLD = 20;
const MIN_JOBS = 2;
const MORE_JOBS = 6;

/** Runs all rounds, whatever goes wrong in one; the same seed throws the same dice in the round of the same number. */
export async function runChaos(options: ChaosOptions): Promise<Figures> {
  const { first, rounds, signal } = options;
  const figures = noFigures();
  const place = await ChaosPlace.open();
  try {
    for (let number = first; number < first + rounds && !signal.aborted; ) {
      number += await runWorld(place, options, number, figures);
    }
  } finally {
    await place.close();
  }
  return figures;
}

/** Gives the number of rounds that it ran. A fault ends the world, so that no later round is blamed for it. */
async function runWorld(
  place: ChaosPlace,
  { seed, rounds, first, kinds, signal, onRound }: ChaosOptions,
  begin: number,
  figures: Figures,
): Promise<number> {
  const worldNumber = Math.floor((begin - 1) / ROUNDS_PER_WORLD);
  const world = await ChaosWorld.open(
    place,
    dice(seed, -worldNumber).pick<"keep" | "stop">(["keep", "stop"]),
  );
  const end = Math.min(first + rounds, (worldNumber + 1) * ROUNDS_PER_WORLD + 1);
  for (let number = begin; ; number++) {
    const plan = planRound(dice(seed, number), number, kinds);
    const report = await runRound(world, plan);
    const isLast = number + 1 === end || report.faults.length > 0 || signal.aborted;
    const faults = [...report.faults, ...(isLast ? await world.close() : [])];
    addRound(figures, { ...report, faults });
    onRound(number, { ...report, faults });
    if (isLast) return number + 1 - begin;
  }
}

/** A generator like this one begins alike with neighbouring seeds. */
const SEED_STRIDE = 0x9e3779b1;

function dice(seed: number, number: number): SeededRandom {
  return new SeededRandom((seed + Math.imul(number, SEED_STRIDE)) | 0);
}

function planRound(random: SeededRandom, number: number, kinds: readonly KillKind[]): RoundPlan {
  const mayDie = kinds.includes(MESSAGE_DEATH);
  const count = MIN_JOBS + random.below(MORE_JOBS);
  return {
    kills: planKills(random, kinds),
    jobs: Array.from({ length: count }, (_, index) =>
      planJob(random, `${number}-${index}`, random.pick(LANES), mayDie),
    ),
  };
}
