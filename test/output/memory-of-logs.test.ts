import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { FileSegmentStorage } from "../../src/output/file-segment-storage.ts";
import { MemoryBudget } from "../../src/output/memory-budget.ts";
import { OpenFiles } from "../../src/output/open-files.ts";
import { SegmentedLogs } from "../../src/output/segmented-logs.ts";
import type { OutputLimits } from "../../src/session/exec-config.ts";
import type { OutputLog } from "../../src/session/output-log.ts";
import { appendKnown, KnownReading, readKnown } from "./known-output.ts";
import { LogOnDisk } from "./log-on-disk.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const OUTPUT_BYTES = 200 * MIB;
const LIMITS: OutputLimits = { maxBytes: 16 * MIB, replayBytes: 8 * MIB, policy: "dropOldest" };
/** Unwritten output, the tail for readers, one piece: what a log may hold at any time, as memory-budget.ts has it. */
const MOST_BYTES_OF_A_LOG = 20 * MIB;
/** What hundreds of logs together may hold: the shared budget and a little for each. */
const BUSY_LOGS = 100;
const BYTES_OF_A_BUSY_LOG = 4 * MIB;
const MOST_BYTES_OF_BUSY_LOGS = 64 * MIB + BUSY_LOGS * 1.5 * MIB;

describe("the memory of output logs", function () {
  this.timeout(60_000);
  let disk: LogOnDisk;
  let budget: MemoryBudget;
  let logs: OutputLog[];
  let errors: Error[];

  beforeEach(async () => {
    disk = await LogOnDisk.make();
    budget = new MemoryBudget();
    logs = [];
    errors = [];
  });

  afterEach(async () => {
    for (const log of logs) await log.close();
    assert.equal(budget.usedBytes, 0);
    await disk.dispose();
  });

  function create(name = "output"): OutputLog {
    const observer = { onLimit: () => {}, onError: (error: Error) => errors.push(error) };
    const storageOf = (bundle: string) => new FileSegmentStorage(join(bundle, name), new OpenFiles());
    const log = new SegmentedLogs(storageOf, budget).create({
      bundle: disk.bundle,
      limits: LIMITS,
      observer,
    });
    logs.push(log);
    return log;
  }

  it("does not grow while 200 MiB pass a reader that stands still, which then finds a gap and the rest", async () => {
    const log = create();
    appendKnown(log, "stdout", 10);
    const standing = log.read()[Symbol.asyncIterator]();
    await standing.next();
    const before = bufferBytes();
    await pour(log, 64 * KIB);
    const grown = bufferBytes() - before;
    assert.ok(grown < MOST_BYTES_OF_A_LOG, `the buffers of the process grew by ${grown} bytes`);
    const reading = new KnownReading(10);
    const finishing = log.finish();
    for (let next = await standing.next(); !next.done; next = await standing.next()) reading.add(next.value);
    await finishing;
    assert.equal(reading.at, OUTPUT_BYTES + 10);
    assert.deepEqual(
      reading.ranges.map(({ kind }) => kind),
      ["gap", "stdout"],
    );
  });

  it("does not grow with the number of pieces, however small, of two streams in turn", async () => {
    const log = create();
    const before = process.memoryUsage().heapUsed + bufferBytes();
    for (let piece = 0; piece < 300_000; piece++) {
      if (!appendKnown(log, piece % 2 === 0 ? "stdout" : "stderr", 1)) await log.room();
      if (piece % 1000 === 0) await setImmediate();
    }
    collectGarbage();
    const grown = process.memoryUsage().heapUsed + bufferBytes() - before;
    assert.ok(grown < MOST_BYTES_OF_A_LOG, `the process grew by ${grown} bytes`);
    await log.finish();
    assert.equal((await readKnown(log)).at, 300_000);
  });

  it("is shared: a hundred chatty logs together hold little more than a few", async () => {
    const busy = Array.from({ length: BUSY_LOGS }, (_, index) => create(String(index)));
    let mostBytes = 0;
    await Promise.all(
      busy.map((log) =>
        pour(log, 64 * KIB, BYTES_OF_A_BUSY_LOG, () => {
          mostBytes = Math.max(mostBytes, budget.usedBytes);
        }),
      ),
    );
    assert.ok(mostBytes < MOST_BYTES_OF_BUSY_LOGS, `they held ${mostBytes} bytes`);
  });

  it("is given back when a log is finished", async () => {
    const log = create();
    appendKnown(log, "stdout", MIB);
    await log.finish();
    assert.deepEqual([budget.usedBytes, errors], [0, []]);
  });

  it("is given back when a log is closed that the disk would not take", async () => {
    const log = create("missing/output");
    appendKnown(log, "stdout", 2 * MIB);
    await log.finish();
    assert.ok(budget.usedBytes > 2 * MIB && errors.length === 1);
    log.register("consumer", 0);
    budget.add(64 * MIB);
    log.advance("consumer", 1);
    budget.add(-64 * MIB);
    assert.equal(log.totals.truncated, 2 * MIB, "what is not on disk is counted once");
    await log.close();
    assert.equal(budget.usedBytes, 0);
  });
});

/** Appends as fast as the log takes it. */
async function pour(
  log: OutputLog,
  pieceBytes: number,
  bytes = OUTPUT_BYTES,
  onPiece = () => {},
): Promise<void> {
  for (let poured = 0; poured < bytes; poured += pieceBytes) {
    if (!appendKnown(log, "stdout", pieceBytes)) await log.room();
    onPiece();
  }
}

function bufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
