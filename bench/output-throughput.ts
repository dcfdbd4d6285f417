import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  DEFAULT_OUTPUT_MAX_BYTES,
  DEFAULT_OUTPUT_REPLAY_BYTES,
  type OutputLimits,
} from "../src/session/exec-config.ts";
import type { ContainerRef } from "../src/session/exec-session.ts";
import { freeBuffer } from "../src/session/free-buffer.ts";
import type { AttachOptions, SessionService } from "../src/session/session-service.ts";
import type { BenchWorld } from "./bench-world.ts";
import { median } from "./median.ts";
import { shuffled } from "./shuffled.ts";
import { atLeast, type Row } from "./table.ts";

const MIB = 1024 * 1024;
/** Long enough that starting the command does not count. */
const OUTPUT_BYTES = 512 * MIB;
/** Odd, so that the median is one of them. */
const ROUNDS = 5;
/** The first runs of each way compile its code, also that of the session host: its sixth takes half the time of its first. */
const WARM_UP_ROUNDS = 6;
/** As much at a time as one read of a pipe takes, which is the fastest that a pipe can be. */
const PIECE_BYTES = 64 * 1024;
const BYTES_PER_MS_IN_MB_PER_S = 1000;

/** This machine itself: what a container adds to a pipe's speed is nothing that the output log could change. */
const TARGET: ContainerRef = { runtime: { kind: "local", path: "", root: "" }, container: "local" };

const LEAST_OF_PIPE = 0.5;
const LEAST_OF_ENGINE = 1.5;

interface Way {
  readonly name: string;
  readonly bytes: number;
  /** What comes before the time is taken; gives what is timed, which gives how many bytes came. */
  prepare(): Promise<() => Promise<number>>;
}

/** A consumer that falls behind holds the command back; whoever is none can fall behind by all there is. */
const LIMITS: OutputLimits = {
  maxBytes: OUTPUT_BYTES,
  replayBytes: DEFAULT_OUTPUT_REPLAY_BYTES,
  policy: "block",
};

const PIPE = "raw pipe";
const FREED_PIPE = "raw pipe, its memory given back";
const CONSUMER = "to a consumer, in this process";
const CLIENT = "to a consumer, through a host";

/**
 * Megabytes (10^6 bytes) a second of one command's output as it is read, on several ways in turn, so that a slow moment hits
 * all; the engines come later, since they go on tidying up for a while.
 */
export async function measureLiveOutput({ places, inside, host }: BenchWorld): Promise<Row[]> {
  const engineWays = places.engines.map(({ name, execCommand }) =>
    wayOf(`${name} exec`, () => drainProgram([...execCommand, ...commandFor(OUTPUT_BYTES)])),
  );
  const ownWays = [
    wayOf(PIPE, () => drainProgram(commandFor(OUTPUT_BYTES))),
    wayOf(FREED_PIPE, () => drainProgram(commandFor(OUTPUT_BYTES), freeBuffer)),
    wayOf(CONSUMER, () => runAttached(inside, { consumer: "bench", borrow: true })),
    wayOf(CLIENT, () => runAttached(host, { consumer: "bench", borrow: true })),
  ];
  const medians = new Map([...(await measure(ownWays)), ...(await measure(engineWays))]);
  const rateOf = (name: string) => medians.get(name) ?? Number.NaN;
  const rows = Array.from(medians, ([name, rate]) => {
    const ratio = rate / rateOf(PIPE);
    const hasGoal = name === CONSUMER || name === CLIENT;
    return {
      what: name,
      median: `${rate.toFixed(0)} MB/s`,
      ratio: name === PIPE ? "" : `${ratio.toFixed(2)} of the pipe`,
      goal: hasGoal ? atLeast(LEAST_OF_PIPE, ratio) : "",
    };
  });
  return [...rows, ...engineWays.map(({ name }) => againstEngine(name, rateOf(CLIENT) / rateOf(name)))];
}

/** The same of output that goes through the disk, or stays there. */
export async function measureKeptOutput({ inside }: BenchWorld): Promise<Row[]> {
  const medians = await measure([
    wayOf("to a reader, all through the disk", () => runAttached(inside, {})),
    wayOf("detached, into the log", () => runDetached(inside)),
    replayWay(inside),
  ]);
  return Array.from(medians, ([what, rate]) => ({
    what,
    median: `${rate.toFixed(0)} MB/s`,
    ratio: "",
    goal: "",
  }));
}

function againstEngine(name: string, ratio: number): Row {
  const what = `through a host, against ${name}`;
  return { what, median: "", ratio: `${ratio.toFixed(1)} times it`, goal: atLeast(LEAST_OF_ENGINE, ratio) };
}

async function measure(ways: readonly Way[]): Promise<ReadonlyMap<string, number>> {
  const rates = new Map(ways.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const way of shuffled(ways)) {
      const rate = await measureOnce(way);
      if (round >= 0) rates.get(way.name)?.push(rate);
    }
  }
  return new Map(Array.from(rates, ([name, found]) => [name, median(found)]));
}

/** Throws if not all bytes came. */
async function measureOnce({ name, bytes: expected, prepare }: Way): Promise<number> {
  const run = await prepare();
  const start = performance.now();
  const bytes = await run();
  const elapsedMs = performance.now() - start;
  if (bytes !== expected) throw new Error(`${name}: ${bytes} bytes came instead of ${expected}`);
  return bytes / elapsedMs / BYTES_PER_MS_IN_MB_PER_S;
}

function wayOf(name: string, run: () => Promise<number>): Way {
  return { name, bytes: OUTPUT_BYTES, prepare: async () => run };
}

function replayWay(service: SessionService): Way {
  return {
    name: "replayed from disk",
    bytes: DEFAULT_OUTPUT_MAX_BYTES,
    prepare: async () => {
      const { id } = await service.create(TARGET, { command: commandFor(DEFAULT_OUTPUT_MAX_BYTES) });
      await service.start(id);
      await service.wait(id);
      return async () => {
        const bytes = await readAll(service, id, {}, false);
        await service.remove(id);
        return bytes;
      };
    },
  };
}

/** `dispose` gets each chunk. Absent: they are left to the garbage collector, as everybody does. */
async function drainProgram(
  [program, ...args]: readonly [string, ...string[]],
  dispose: (chunk: Buffer) => void = () => {},
): Promise<number> {
  const { stdout } = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let bytes = 0;
  stdout.on("data", (data: Buffer) => {
    bytes += data.length;
    dispose(data);
  });
  await once(stdout, "close");
  return bytes;
}

async function runAttached(service: SessionService, options: AttachOptions): Promise<number> {
  const { id } = await service.create(TARGET, { command: commandFor(OUTPUT_BYTES), output: LIMITS });
  const bytes = await readAll(service, id, options, true);
  await service.remove(id);
  return bytes;
}

async function runDetached(service: SessionService): Promise<number> {
  const { id } = await service.create(TARGET, { command: commandFor(OUTPUT_BYTES) });
  await service.start(id);
  await service.wait(id);
  const { output } = await service.inspect(id);
  await service.remove(id);
  return output.stdoutBytes;
}

/** Reads a session's output as it comes, and acknowledges it. Throws if any is missing. */
async function readAll(
  service: SessionService,
  id: string,
  options: AttachOptions,
  isNew: boolean,
): Promise<number> {
  const attachment = isNew ? await service.startAndAttach(id, options) : await service.attach(id, options);
  let end = 0;
  for await (const chunk of attachment) {
    if (chunk.kind === "gap") throw new Error(`${chunk.bytes} bytes at ${chunk.offset} were missing`);
    end = chunk.offset + chunk.data.length;
    attachment.advance(end);
  }
  attachment.close({ forget: true });
  return end;
}

function commandFor(bytes: number): [string, ...string[]] {
  return ["dd", "if=/dev/zero", `bs=${PIECE_BYTES}`, `count=${bytes / PIECE_BYTES}`, "status=none"];
}
