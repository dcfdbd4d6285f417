import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { EndRecord } from "../../src/session/exec-session.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { HostWorld, LOCAL } from "../support/host-world.ts";
import { createRandomSource } from "../support/random-bytes.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROUNDS = 12;
const SESSIONS = 8;
/** Half of the commands outlive a host that is killed within the same time. */
const MAX_LIFE_MS = 600;
const MAX_EXIT_CODE = 100;

/** A command, and what is known of its session from before the host's death. */
interface Job {
  readonly exitCode: number;
  readonly lifeMs: number;
  id?: string;
  isStarted?: boolean;
  end?: EndRecord;
}

describe("sessions whose host is killed", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it(`have a true end record each, ${ROUNDS} times at a random moment`, async function () {
    this.timeout(180_000);
    const random = createRandomSource();
    const below = (limit: number) => random(4).readUInt32BE() % limit;
    const reasons = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const jobs = Array.from({ length: SESSIONS }, () => ({
        exitCode: 1 + below(MAX_EXIT_CODE),
        lifeMs: below(MAX_LIFE_MS),
      }));
      await runUntilKilled(jobs, below(MAX_LIFE_MS));
      const orphans = round % 2 === 0 ? "keep" : "stop";
      const { ready, child, ended } = await world.start({ orphans });
      const service = world.clientOf(ready.socket);
      for (const job of jobs) reasons.add(await assertTruth(service, job, orphans));
      assert.equal(existsSync(join(world.stateDir, "set-aside")), false);
      for (const { id } of await service.list()) await service.remove(id, { force: true });
      const left = () => readdirSync(join(world.stateDir, "sessions"));
      await waitUntil("their files are gone", () => left().length === 0);
      child.kill("SIGTERM");
      assert.equal(await ended, 0);
      assert.deepEqual(world.processes(), []);
    }
    // Which ends a run meets is up to its seed and to the machine.
    console.log(`      ends: ${[...reasons].sort().join(", ")}`);
  });

  /** Runs the jobs at once, notes what their client gets to know, and kills the host in the middle. */
  async function runUntilKilled(jobs: readonly Job[], afterMs: number): Promise<void> {
    const host = await world.start();
    const service = world.clientOf(host.ready.socket);
    const running = Promise.all(jobs.map((job) => run(service, job)));
    await wait(afterMs);
    host.child.kill("SIGKILL");
    await Promise.all([running, host.ended]);
    await service.close();
  }
});

async function run(service: SessionService, job: Job): Promise<void> {
  const command = ["sh", "-c", `echo begin; sleep ${job.lifeMs / 1000}; echo end; exit ${job.exitCode}`];
  try {
    job.id = (await service.create(LOCAL, { command })).id;
    await service.start(job.id);
    job.isStarted = true;
    job.end = await service.wait(job.id);
  } catch (error) {
    assert.equal(Object(error).code, "EXEC_HOST_UNREACHABLE");
  }
}

/** Gives the session's reason; a session that nobody knows of, or that was never started, has none. */
async function assertTruth(service: SessionService, job: Job, orphans: "keep" | "stop"): Promise<string> {
  if (job.id === undefined) return "unknown";
  if ((await service.inspect(job.id)).state === "created") {
    assert.notEqual(job.isStarted, true, "it had been started");
    return "created";
  }
  const end = await service.wait(job.id);
  if (job.end !== undefined) assert.deepEqual(end, job.end);
  const truths = {
    exited: job.exitCode,
    lost: null,
    ...(orphans === "stop" ? { stopped: null } : {}),
  };
  const truth = Object.entries(truths).find(([reason]) => reason === end.reason);
  assert.deepEqual([end.exitCode, end.signal], [truth?.[1], null], JSON.stringify(end));
  return end.reason;
}
