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
const BUSY = { pieceBytes: 500_000, pauseMs: 0, replayBytes: 0 };
const CHATTY = { pieceBytes: 100, pauseMs: 5, replayBytes: 0 };
/** With a consumer that passes some of it before it is written, and some only when it is on disk. */
const FOLLOWED = [
  { pieceBytes: 500_000, pauseMs: 0, replayBytes: 100_000 },
  { pieceBytes: 500_000, pauseMs: 0, replayBytes: 16 * 1024 * 1024 },
];
/** After this many milliseconds a piece is on disk; what ARCHITECTURE.md promises, and a slow machine's share. */
const SAFE_AFTER_MS = 2500;
/** Long enough for output that is only written because a second has passed. */
const FOLLOWED_MS = 1500;

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
    const random = seededNumbers();
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

  it("lacks nothing that its consumer still wants, for whoever goes on from where it is said to have come", async () => {
    const random = seededNumbers();
    for (let crash = 0; crash < CRASHES / 2; crash++) {
      const followed = FOLLOWED[crash % FOLLOWED.length];
      assert.ok(followed !== undefined);
      writer = new Writer(disk.bundle, followed);
      await waitUntil("the writer has begun to write", async () => (await disk.size()) > 0);
      await setTimeout(random() * FOLLOWED_MS);
      await writer.kill();
      const log = await disk.reopen();
      const position = log.position("consumer") ?? 0;
      assert.ok(position <= writer.reached + followed.pieceBytes);
      assert.ok(position >= log.totals.firstOffset, `${position} is before ${log.totals.firstOffset}`);
      const { ranges } = await readKnown(log, position);
      assert.ok(ranges.every(({ kind }) => kind !== "gap"));
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

  constructor(bundle: string, { pieceBytes, pauseMs, replayBytes }: typeof BUSY) {
    const args = [WRITER, bundle, ...[pieceBytes, pauseMs, replayBytes].map(String)];
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

function seededNumbers(): () => number {
  const seed = Date.now() % 1_000_000;
  console.log(`      seed ${seed}`);
  return randomNumbers(seed);
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
