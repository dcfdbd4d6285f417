import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { FileOutputLogs } from "../src/output/file-output-logs.ts";
import {
  DEFAULT_OUTPUT_MAX_BYTES,
  DEFAULT_OUTPUT_REPLAY_BYTES,
  type OutputLimits,
} from "../src/session/exec-config.ts";
import type { OutputLog } from "../src/session/output-log.ts";
import { median } from "./median.ts";

const MIB = 1024 * 1024;
/** Long enough that starting the child does not count. */
const OUTPUT_BYTES = 512 * MIB;
const PIPE_BYTES = 64 * 1024;
/** Odd, so that the median is one of them. */
const ROUNDS = 7;
const LIMITS: OutputLimits = {
  maxBytes: DEFAULT_OUTPUT_MAX_BYTES,
  replayBytes: DEFAULT_OUTPUT_REPLAY_BYTES,
  policy: "dropOldest",
};

/** Medians, in megabytes (10^6 bytes) a second, of one command's output on several ways. */
export interface OutputThroughput {
  /** The command's pipe, with nothing behind it. */
  readonly pipe: number;
  /** Through the log to a registered consumer that keeps up: next to nothing is written. */
  readonly consumer: number;
  /** Through the log to a reader that is not registered: all of it is written to disk. */
  readonly reader: number;
  /** Into the log alone. */
  readonly detached: number;
  /** A finished log, read from disk. */
  readonly replay: number;
}

type Way = keyof OutputThroughput;

/** Measures every way in turn, round after round, so that a slow moment of the machine hits all of them. */
export async function measureOutputThroughput(): Promise<OutputThroughput> {
  const rates: Record<Way, number[]> = { pipe: [], consumer: [], reader: [], detached: [], replay: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.pipe.push(await timed(OUTPUT_BYTES, () => drainPipe(startCommand())));
    rates.consumer.push(await withLog((log) => timed(OUTPUT_BYTES, () => runWithConsumer(log))));
    rates.reader.push(await withLog((log) => timed(OUTPUT_BYTES, () => runWithReader(log))));
    rates.detached.push(await withLog((log) => timed(OUTPUT_BYTES, () => carry(startCommand(), log))));
    rates.replay.push(await withLog(measureReplay));
  }
  return {
    pipe: median(rates.pipe),
    consumer: median(rates.consumer),
    reader: median(rates.reader),
    detached: median(rates.detached),
    replay: median(rates.replay),
  };
}

/** Writes as much at a time as one read of a pipe takes, which is the fastest that a pipe can be. */
function startCommand(): Readable {
  const count = OUTPUT_BYTES / PIPE_BYTES;
  const args = ["if=/dev/zero", `bs=${PIPE_BYTES}`, `count=${count}`, "status=none"];
  return spawn("dd", args, { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}

async function drainPipe(stdout: Readable): Promise<number> {
  let bytes = 0;
  stdout.on("data", (data: Buffer) => {
    bytes += data.length;
  });
  await ended(stdout);
  return bytes;
}

async function runWithConsumer(log: OutputLog): Promise<number> {
  log.register("bench", 0);
  const reading = readAll(log, (offset) => log.advance("bench", offset));
  await carry(startCommand(), log);
  return reading;
}

async function runWithReader(log: OutputLog): Promise<number> {
  const reading = readAll(log, () => {});
  await carry(startCommand(), log);
  return reading;
}

async function measureReplay(log: OutputLog): Promise<number> {
  for (let bytes = 0; bytes < LIMITS.maxBytes; bytes += PIPE_BYTES) {
    if (!log.append("stdout", Buffer.alloc(PIPE_BYTES))) await log.room();
  }
  await log.finish();
  return timed(LIMITS.maxBytes, () => readAll(log, () => {}));
}

/** As the session manager carries a process's output into its log. */
async function carry(stdout: Readable, log: OutputLog): Promise<number> {
  stdout.on("data", (data: Buffer) => {
    if (log.append("stdout", data)) return;
    stdout.pause();
    void log.room().then(() => stdout.resume());
  });
  await ended(stdout);
  await log.finish();
  return OUTPUT_BYTES;
}

async function readAll(log: OutputLog, onRead: (offset: number) => void): Promise<number> {
  let end = 0;
  for await (const chunk of log.read()) {
    if (chunk.kind === "gap") throw new Error(`${chunk.bytes} bytes at ${chunk.offset} were missing`);
    end = chunk.offset + chunk.data.length;
    onRead(end);
  }
  return end;
}

function ended(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("close", resolve);
    stream.once("error", reject);
  });
}

async function withLog(measure: (log: OutputLog) => Promise<number>): Promise<number> {
  const bundle = await mkdtemp(join(tmpdir(), "output-bench-"));
  const observer = {
    onLimit: () => {},
    onError: (error: Error) => {
      throw error;
    },
  };
  const log = new FileOutputLogs().create({ bundle, limits: LIMITS, observer });
  try {
    return await measure(log);
  } finally {
    await log.close();
    await rm(bundle, { recursive: true });
  }
}

/** Megabytes a second; throws if not all bytes came. */
async function timed(expectedBytes: number, run: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const bytes = await run();
  const elapsedMs = performance.now() - start;
  if (bytes !== expectedBytes) throw new Error(`${bytes} bytes came instead of ${expectedBytes}`);
  return bytes / elapsedMs / 1000;
}
