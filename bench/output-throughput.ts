import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessionService } from "../src/node-red/create-session-service.ts";
import { DEFAULT_OUTPUT_MAX_BYTES } from "../src/session/exec-config.ts";
import type { ContainerRef } from "../src/session/exec-session.ts";
import type { AttachOptions, SessionService } from "../src/session/session-service.ts";
import { median } from "./median.ts";

const MIB = 1024 * 1024;
/** Long enough that starting the command does not count. */
const OUTPUT_BYTES = 512 * MIB;
/** Odd, so that the median is one of them. */
const ROUNDS = 7;
/** The first run of each way compiles its code. */
const WARM_UP_ROUNDS = 1;
/** As much at a time as one read of a pipe takes, which is the fastest that a pipe can be. */
const PIECE_BYTES = 64 * 1024;
const BYTES_PER_MS_IN_MB_PER_S = 1000;

/** This machine itself: what a container adds to a pipe's speed is nothing that the output log could change. */
const TARGET: ContainerRef = { runtime: { kind: "local", path: "", root: "" }, container: "local" };

/** Medians, in megabytes (10^6 bytes) a second, of one command's output on several ways. */
export interface OutputThroughput {
  /** The command's pipe, with nothing behind it. */
  readonly pipe: number;
  /** Through a session to a registered consumer that keeps up: little is written. */
  readonly consumer: number;
  /** Through a session to an attachment that is not registered: all is written to disk. */
  readonly reader: number;
  /** A detached session: all is written to disk, and nobody reads. */
  readonly detached: number;
  /** The output of an ended session, read from disk. */
  readonly replay: number;
}

type Way = keyof OutputThroughput;

/** Measures every way in turn, round after round, so that a slow moment of the machine hits all of them. */
export async function measureOutputThroughput(): Promise<OutputThroughput> {
  const stateDir = await mkdtemp(join(tmpdir(), "output-bench-"));
  const service = await createSessionService({ stateDir }, (sentence) => console.error(sentence));
  const rates: Record<Way, number[]> = { pipe: [], consumer: [], reader: [], detached: [], replay: [] };
  try {
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      const found: OutputThroughput = {
        pipe: await timed(OUTPUT_BYTES, drainPipe),
        consumer: await timed(OUTPUT_BYTES, () => runAttached(service, { consumer: "bench" })),
        reader: await timed(OUTPUT_BYTES, () => runAttached(service, {})),
        detached: await timed(OUTPUT_BYTES, () => runDetached(service)),
        replay: await measureReplay(service),
      };
      if (round < 0) continue;
      for (const way of Object.keys(rates) as Way[]) rates[way].push(found[way]);
    }
  } finally {
    await service.close();
    await rm(stateDir, { recursive: true });
  }
  return {
    pipe: median(rates.pipe),
    consumer: median(rates.consumer),
    reader: median(rates.reader),
    detached: median(rates.detached),
    replay: median(rates.replay),
  };
}

async function drainPipe(): Promise<number> {
  const [program, ...args] = commandFor(OUTPUT_BYTES);
  const { stdout } = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let bytes = 0;
  stdout.on("data", (data: Buffer) => {
    bytes += data.length;
  });
  await once(stdout, "close");
  return bytes;
}

async function runAttached(service: SessionService, options: AttachOptions): Promise<number> {
  const { id } = await service.create(TARGET, { command: commandFor(OUTPUT_BYTES) });
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

async function measureReplay(service: SessionService): Promise<number> {
  const { id } = await service.create(TARGET, { command: commandFor(DEFAULT_OUTPUT_MAX_BYTES) });
  await service.start(id);
  await service.wait(id);
  const rate = await timed(DEFAULT_OUTPUT_MAX_BYTES, () => readAll(service, id, {}, false));
  await service.remove(id);
  return rate;
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
  return end;
}

function commandFor(bytes: number): [string, ...string[]] {
  return ["dd", "if=/dev/zero", `bs=${PIECE_BYTES}`, `count=${bytes / PIECE_BYTES}`, "status=none"];
}

/** Megabytes a second; throws if not all bytes came. */
async function timed(expectedBytes: number, run: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const bytes = await run();
  const elapsedMs = performance.now() - start;
  if (bytes !== expectedBytes) throw new Error(`${bytes} bytes came instead of ${expectedBytes}`);
  return bytes / elapsedMs / BYTES_PER_MS_IN_MB_PER_S;
}
