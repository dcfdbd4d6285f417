import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readKnown } from "./known-output.ts";
import { LogOnDisk } from "./log-on-disk.ts";
import { waitUntil } from "./wait-until.ts";

const WRITER = fileURLToPath(new URL("fixtures/endless-log.ts", import.meta.url));
const CRASHES = 12;
/** Pieces up to half a megabyte as fast as they go: the writer is killed in the middle of a write more often than not. */
const BUSY = { pieceBytes: 500_000, pauseMs: 0 };
const CHATTY = { pieceBytes: 100, pauseMs: 5 };
/** After this many milliseconds a piece is on disk; what ARCHITECTURE.md promises, and a slow machine's share. */
const SAFE_AFTER_MS = 2500;

describe("an output log whose manager was killed", function () {
  this.timeout(120_000);
  let disk: LogOnDisk;
  let writer: Writer | undefined;

  beforeEach(async () => {
    disk = await LogOnDisk.make();
  });

  afterEach(async () => {
    await writer?.kill();
    await disk.dispose();
  });

  it("is a beginning of what was written, whatever was being written at the time", async () => {
    const seed = Date.now() % 1_000_000;
    const random = randomNumbers(seed);
    console.log(`      seed ${seed}`);
    for (let crash = 0; crash < CRASHES; crash++) {
      writer = new Writer(disk.bundle, BUSY);
      await waitUntil("the writer has begun to write", async () => (await disk.size()) > 0);
      await setTimeout(random() * 200);
      await writer.kill();
      const log = await disk.reopen();
      const { firstOffset, stdoutBytes, stderrBytes, truncated } = log.totals;
      const reading = await readKnown(log, firstOffset);
      assert.ok(reading.ranges.every(({ kind }) => kind !== "gap"));
      assert.equal(reading.at, stdoutBytes + stderrBytes);
      assert.ok(reading.at > firstOffset && reading.at <= writer.reached + BUSY.pieceBytes);
      assert.equal(truncated, 0);
      await disk.empty();
    }
  });

  it("lacks no output that is older than about a second", async () => {
    writer = new Writer(disk.bundle, CHATTY);
    await waitUntil("the writer has come some way", () => (writer?.reached ?? 0) > 0);
    const before = writer.reached;
    await setTimeout(SAFE_AFTER_MS);
    await writer.kill();
    const log = await disk.reopen();
    const { ranges, at } = await readKnown(log);
    assert.ok(at >= before, `of ${before} bytes only ${at} are there`);
    assert.equal(ranges[0]?.kind, "stderr");
    const stderrBytes = ranges
      .filter(({ kind }) => kind === "stderr")
      .reduce((sum, { from, to }) => sum + to - from, 0);
    assert.deepEqual(log.totals, {
      stdoutBytes: at - stderrBytes,
      stderrBytes,
      firstOffset: 0,
      truncated: 0,
    });
  });
});

/** A process that writes into a log until it is killed. */
class Writer {
  /** The last offset that it said it had come to. */
  reached = 0;
  readonly #child: ChildProcess;

  constructor(bundle: string, { pieceBytes, pauseMs }: { pieceBytes: number; pauseMs: number }) {
    const args = [WRITER, bundle, String(pieceBytes), String(pauseMs)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.reached = Number(line);
    });
    this.#child = child;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), 61 | bits);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
