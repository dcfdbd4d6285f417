import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOciContainer } from "../scripts/oci-container.ts";
import { createSessionService } from "../src/node-red/create-session-service.ts";
import type { ContainerRef } from "../src/session/exec-session.ts";
import type { SessionService } from "../src/session/session-service.ts";
import { type EngineContainer, startDockerContainer, startPodmanContainer } from "./engines.ts";
import { median } from "./median.ts";

const COMMAND = ["/bin/true"];
/** Odd, so that the median is one of them. */
const ROUNDS = 51;
/** Enough for caches and the JIT compiler. */
const WARM_UP_ROUNDS = 5;
const OCI_RUNTIMES = ["crun", "runc"] as const;
const ENGINES = { podman: startPodmanContainer, docker: startDockerContainer } as const;

/** Median times, in milliseconds, of one command `true` from the call to the known exit code. */
export interface RoundTrip {
  /** What was measured, such as `crun exec, bare spawn`. */
  readonly way: string;
  readonly ms: number;
}

/** What is measured in one run, and why something could not be. */
export interface RoundTripReport {
  readonly times: readonly RoundTrip[];
  readonly skipped: readonly string[];
}

interface Way {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * Create, start, end and remove of `true` through the service, against a bare spawn of the same runtime and against
 * the engines that are installed. All ways take turns, so that a slow moment of the machine hits each of them.
 */
export async function measureRoundTrips(): Promise<RoundTripReport> {
  const folder = await mkdtemp(join(tmpdir(), "exec-sessions-bench-"));
  const cleanups: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const skipped: string[] = [];
  try {
    const service = await createSessionService({ stateDir: join(folder, "state") }, () => {});
    cleanups.push(() => service.close());
    const ways: Way[] = [];
    for (const kind of OCI_RUNTIMES) {
      const container = await attempt(skipped, kind, () =>
        startOciContainer({
          program: kind,
          root: join(folder, `${kind}-root`),
          id: "bench",
          folder: join(folder, kind),
        }),
      );
      if (container === undefined) continue;
      cleanups.push(() => container.remove());
      const target = { runtime: { kind, path: "", root: container.root }, container: container.id };
      ways.push({
        name: `${kind} exec, bare spawn`,
        run: () => spawnAndWait(kind, "--root", container.root, "exec", container.id, ...COMMAND),
      });
      ways.push({ name: `${kind}, session`, run: () => runSession(service, target) });
    }
    for (const [name, start] of Object.entries(ENGINES)) {
      const engine = await attempt(skipped, name, () => start(join(folder, name)));
      if (engine === undefined) continue;
      cleanups.push(() => engine.stop());
      ways.push({ name: `${name} exec`, run: () => spawnAndWait(...engineCommand(engine)) });
    }
    return { times: await measure(ways), skipped };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function measure(ways: readonly Way[]): Promise<RoundTrip[]> {
  const samples = new Map(ways.map((way) => [way, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [way, times] of samples) {
      const start = performance.now();
      await way.run();
      if (round >= 0) times.push(performance.now() - start);
    }
  }
  return Array.from(samples, ([{ name }, times]) => ({ way: name, ms: median(times) }));
}

async function runSession(service: SessionService, target: ContainerRef): Promise<void> {
  const { id } = await service.create(target, { command: COMMAND });
  await service.start(id);
  const end = await service.wait(id);
  if (end.exitCode !== 0) throw new Error(`true ended with ${end.exitCode} (${end.reason})`);
  await service.remove(id);
}

async function spawnAndWait(program: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.resume();
  child.stderr.resume();
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

function engineCommand({ execCommand }: EngineContainer): [string, ...string[]] {
  const [program, ...args] = execCommand;
  return [program, ...args, ...COMMAND];
}

async function attempt<T>(skipped: string[], name: string, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    skipped.push(`${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
