// Everything that is started and written goes into this run's own temporary folder, and with the run.
import "../support/leak-check.ts";
import { cpus, totalmem } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { missingRequirements } from "../support/requirements.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { runChaos } from "./chaos-loop.ts";
import { describeFigures, describeRound } from "./figures.ts";
import { KILL_KINDS, type KillKind } from "./kill.ts";

const DEFAULT_ROUNDS = 200;
const BYTES_PER_GIB = 1024 ** 3;
const MS_PER_SECOND = 1000;

interface ChaosCommand {
  readonly seed: number;
  readonly rounds: number;
  readonly first: number;
  readonly only: readonly KillKind[];
}

/** npm run chaos: kills at random, round after round, and says what came of it. Ctrl-C ends it after the round under way. */
await new Command("npm run chaos --")
  .description(
    "Kills Node-RED, the session host and runtimes at random moments, and checks what the flow was told.",
  )
  .option("--seed <number>", "the dice", wholeNumber, SeededRandom.fromEnvironment().seed)
  .option("--rounds <number>", "how many rounds", wholeNumber, DEFAULT_ROUNDS)
  .option("--first <number>", "the first round's number, to have one again", wholeNumber, 1)
  .addOption(
    new Option("--only <kinds...>", "what may happen").choices(KILL_KINDS).default(KILL_KINDS, "everything"),
  )
  .action(main)
  .parseAsync();

async function main({ seed, rounds, first, only }: ChaosCommand, command: Command): Promise<void> {
  const missing = missingRequirements(["root", "crun", "runc"]);
  if (missing.length > 0) command.error(`npm run chaos needs real containers: ${missing.join(", ")}.`);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => (interrupted.signal.aborted ? process.exit(1) : interrupted.abort()));
  }
  const begin = performance.now();
  const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / BYTES_PER_GIB)} GiB`;
  console.log(`seed ${seed}; Node.js ${process.versions.node} on ${machine}`);
  const faulty: number[] = [];
  const figures = await runChaos({
    ...{ seed, rounds, first, kinds: only, signal: interrupted.signal },
    onRound: (number, report) => {
      console.log(describeRound(number, report));
      if (report.faults.length > 0) faulty.push(number);
    },
  });
  console.log(`\nseed ${seed}, ${Math.round((performance.now() - begin) / MS_PER_SECOND)} s`);
  console.log(describeFigures(figures));
  for (const number of faulty) {
    console.log(`again: npm run chaos -- --seed ${seed} --first ${number} --rounds 1`);
  }
  process.exitCode = faulty.length === 0 && !interrupted.signal.aborted ? 0 : 1;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}
