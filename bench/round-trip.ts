import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ContainerRef } from "../src/session/exec-session.ts";
import type { SessionService } from "../src/session/session-service.ts";
import type { BenchWorld } from "./bench-world.ts";
import { median } from "./median.ts";
import { shuffled } from "./shuffled.ts";
import { atLeast, atMost, type Row } from "./table.ts";

const COMMAND = ["/bin/true"];
/** Odd, so that the median is one of them. */
const ROUNDS = 51;
/** Enough for caches and the JIT compiler, also the session host's. */
const WARM_UP_ROUNDS = 20;

/** How a session may compare with the bare spawn of its runtime, in this process and through a host. */
const MOST_OF_BARE_SPAWN = { inside: 1.3, host: 1.5 } as const;
/** How an engine's exec is to compare with a session in this process. */
const LEAST_OF_SESSION = { podman: 8, docker: 4 } as const;

interface Way {
  readonly name: string;
  run(): Promise<void>;
  /** What the table says of the median, given all medians by name. */
  judge(ms: number, medians: ReadonlyMap<string, number>): Pick<Row, "ratio" | "goal">;
}

/**
 * Create, start, end and remove of `true` through the service, against a bare spawn of the same runtime and against the
 * engines that are installed. Ways that are compared closely take turns, so that a slow moment of the machine hits each of
 * them; the engines come later, since they go on tidying up for a while.
 */
export async function measureRoundTrips({ places, inside, host }: BenchWorld): Promise<Row[]> {
  const runtimeWays = places.runtimes.flatMap(({ kind, target, execCommand }): Way[] => [
    { name: bareName(kind), run: () => spawnAndWait(execCommand), judge: () => ({ ratio: "", goal: "" }) },
    {
      name: insideName(kind),
      run: () => runSession(inside, target),
      judge: againstBare(kind, MOST_OF_BARE_SPAWN.inside),
    },
    {
      name: `${kind}, session in a host`,
      run: () => runSession(host, target),
      judge: againstBare(kind, MOST_OF_BARE_SPAWN.host),
    },
  ]);
  const engineWays = places.engines.map(({ name, execCommand }): Way => {
    const session = insideName(places.runtimes[0]?.kind ?? "crun");
    return {
      name: `${name} exec`,
      run: () => spawnAndWait(execCommand),
      judge: againstSession(session, LEAST_OF_SESSION[name]),
    };
  });
  const medians = new Map([...(await measure(runtimeWays)), ...(await measure(engineWays))]);
  return [...runtimeWays, ...engineWays].map(({ name, judge }) => {
    const ms = medians.get(name) ?? Number.NaN;
    return { what: name, median: `${ms.toFixed(1)} ms`, ...judge(ms, medians) };
  });
}

async function measure(ways: readonly Way[]): Promise<ReadonlyMap<string, number>> {
  const samples = new Map(ways.map((way) => [way, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [way, times] of shuffled(samples)) {
      const start = performance.now();
      await way.run();
      if (round >= 0) times.push(performance.now() - start);
    }
  }
  return new Map(Array.from(samples, ([{ name }, times]) => [name, median(times)]));
}

function againstBare(kind: string, most: number): Way["judge"] {
  return (ms, medians) => {
    const ratio = ms / (medians.get(bareName(kind)) ?? Number.NaN);
    return { ratio: `${ratio.toFixed(2)} of the bare spawn`, goal: atMost(most, ratio) };
  };
}

function againstSession(name: string, least: number): Way["judge"] {
  return (ms, medians) => {
    const session = medians.get(name);
    if (session === undefined) return { ratio: "", goal: "" };
    const ratio = ms / session;
    return { ratio: `${ratio.toFixed(1)} times ${name}`, goal: atLeast(least, ratio) };
  };
}

function bareName(kind: string): string {
  return `${kind} exec, bare spawn`;
}

function insideName(kind: string): string {
  return `${kind}, session in this process`;
}

async function runSession(service: SessionService, target: ContainerRef): Promise<void> {
  const { id } = await service.create(target, { command: COMMAND });
  await service.start(id);
  const end = await service.wait(id);
  if (end.exitCode !== 0) throw new Error(`true ended with ${end.exitCode} (${end.reason})`);
  await service.remove(id);
}

async function spawnAndWait([program, ...args]: readonly [string, ...string[]]): Promise<void> {
  const child = spawn(program, [...args, ...COMMAND], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.resume();
  child.stderr.resume();
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}
