import { setTimeout as wait } from "node:timers/promises";
import { errorText } from "../../src/session/session-error.ts";
import { deleteRecording, readRecording } from "../support/recording.ts";
import type { ChaosWorld } from "./chaos-world.ts";
import { commandOf, type Job } from "./job.ts";
import { type Kill, type KillKind, MESSAGE_DEATH } from "./kill.ts";
import { injectId } from "./lane.ts";
import { readSessions } from "./state-on-disk.ts";
import { type Evidence, isSettled, judge, type Verdict } from "./verdict.ts";

/** A round as the dice have it. */
export interface RoundPlan {
  readonly jobs: readonly Job[];
  readonly kills: readonly Kill[];
}

/** What came of a round. */
export interface RoundReport {
  readonly verdicts: readonly Verdict[];
  /** What met a process, in order. */
  readonly kills: readonly KillKind[];
  /** What must not be, in one sentence each. Empty: all is well. */
  readonly faults: readonly string[];
  readonly memory: ChaosWorld["memory"];
  /** What Node-RED and the session host said last. */
  readonly diary: readonly string[];
}

/** Commands run for seconds, and each start of Node-RED takes some; what is not done by then never will be. */
const ROUND_LIMIT_MS = 120_000;
/**
 * While no session runs and nothing is left to resume, nothing more comes after so long. What a deploy dropped on its way
 * to exec-create or exec-start never does.
 */
const QUIET_LIMIT_MS = 5000;
const POLL_MS = 50;

/** How many lives of Node-RED had ended when a job was begun; undefined: it has not been begun yet. */
type Beginnings = Map<Job, number>;

/** Runs a round's jobs, kills in the middle of them, and judges what the flow was told once all is over. */
export async function runRound(world: ChaosWorld, { jobs, kills }: RoundPlan): Promise<RoundReport> {
  const over = new AbortController();
  const beginnings: Beginnings = new Map();
  const endsBefore = world.keeper.ends.length;
  const keeping = world.keeper.keep(over.signal);
  const [done] = await Promise.all([
    Promise.all(kills.map((kill) => killInTime(world, kill))),
    Promise.all(jobs.map((job) => begin(world, job, beginnings))),
  ]);
  const isOver = await waitUntilOver(world, jobs, beginnings);
  over.abort();
  await keeping;
  const judged = jobs.map((job) => judgeJob(world, job, beginnings));
  const deaths = jobs.filter(({ id }) => readRecording(world.place.recordings, id).died);
  for (const { id } of jobs) deleteRecording(world.place.recordings, id);
  const { memory, diary } = world;
  return {
    verdicts: judged.flatMap((each) => (typeof each === "string" ? [] : [each])),
    kills: [...done.flat(), ...deaths.map((): KillKind => MESSAGE_DEATH)],
    faults: [
      ...(isOver ? [] : ["the round did not come to its end"]),
      ...judged.filter((each) => typeof each === "string"),
      ...world.keeper.ends.slice(endsBefore).flatMap(({ fault }) => fault ?? []),
      ...(await world.tidy()),
    ],
    memory,
    diary,
  };
}

async function killInTime(world: ChaosWorld, kill: Kill): Promise<readonly KillKind[]> {
  await wait(kill.atMs);
  return world.kill(kill) ? [kill.kind] : [];
}

async function begin(world: ChaosWorld, job: Job, beginnings: Beginnings): Promise<void> {
  const { keeper, place } = world;
  await wait(job.startMs);
  while (!keeper.isUp) await wait(POLL_MS);
  beginnings.set(job, keeper.ends.length);
  const message = {
    record: { folder: place.recordings, job: job.id, ...(job.dieAt !== undefined && { dieAt: job.dieAt }) },
    exec: {
      command: commandOf(job, place.poolPath(job.lane)),
      labels: { job: job.id },
      stopTimeout: STOP_TIMEOUT_S,
      ...(job.logBytes !== undefined && {
        output: { maxBytes: job.logBytes, replayBytes: 0, policy: "block" },
      }),
    },
  };
  await keeper.nodeRed.inject(injectId(job.lane), message).catch(() => {
    // Killed in that moment. Whether it has taken the message shows.
  });
}

/** A command that waits for its output to be read does not end on SIGTERM. */
const STOP_TIMEOUT_S = 2;

/** False: not everything has come that had to. */
async function waitUntilOver(
  world: ChaosWorld,
  jobs: readonly Job[],
  beginnings: Beginnings,
): Promise<boolean> {
  const begin = performance.now();
  for (let quietSince = begin; ; await wait(POLL_MS)) {
    const now = performance.now();
    const isQuiet = world.keeper.isUp && world.isQuiet;
    if (!isQuiet) quietSince = now;
    else if (jobs.every((job) => isSettled(evidenceOf(world, job, beginnings)))) return true;
    if (now - quietSince > QUIET_LIMIT_MS) return world.counts.deploys > 0;
    if (now - begin > ROUND_LIMIT_MS) return false;
  }
}

/** A sentence says what is wrong. */
function judgeJob(world: ChaosWorld, job: Job, beginnings: Beginnings): Verdict | string {
  const evidence = evidenceOf(world, job, beginnings);
  try {
    return judge(evidence);
  } catch (error) {
    const { session, circumstances } = evidence;
    const facts = { session: session?.id, end: session?.end, ...circumstances, ...withoutPieces(job) };
    return `job ${job.id}: ${errorText(error)} ${JSON.stringify(facts)}`;
  }
}

function withoutPieces({ pieces, ...job }: Job): object {
  return { ...job, pieces: pieces.length };
}

function evidenceOf(world: ChaosWorld, job: Job, beginnings: Beginnings): Evidence {
  const { keeper, counts, orphans, place, stateDir } = world;
  const { messages } = readRecording(place.recordings, job.id);
  const session = readSessions(stateDir).find(({ config }) => config.labels.job === job.id);
  const ends = keeper.ends.slice(beginnings.get(job));
  const { hostKills, hostStops, deploys, runtimeKills } = counts;
  return {
    job,
    messages,
    session,
    circumstances: {
      nodeRedEnds: ends.length,
      nodeRedCrashes: ends.filter(({ isCrash }) => isCrash).length,
      ...{ hostKills, hostStops, deploys, orphans },
      runtimeKills: (session && runtimeKills.get(session.id)) ?? 0,
    },
    pool: place.pool,
  };
}
