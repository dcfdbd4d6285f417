import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { FileSegmentStorage } from "../../src/output/file-segment-storage.ts";
import { MemoryBudget } from "../../src/output/memory-budget.ts";
import { MemorySegmentStorage } from "../../src/output/memory-segment-storage.ts";
import { OpenFiles } from "../../src/output/open-files.ts";
import { segmentBytesFor } from "../../src/output/segment.ts";
import type { SegmentStorage } from "../../src/output/segment-storage.ts";
import { SegmentedLogs } from "../../src/output/segmented-logs.ts";
import type { OutputLimits } from "../../src/session/exec-config.ts";
import type { OutputStream } from "../../src/session/output-log.ts";
import { LogModel } from "./log-model.ts";

const KIB = 1024;
/** So much in use makes every log of a budget write early and keep little in memory. */
const TIGHT_BYTES = 65 * KIB * KIB;
const MEMORY_RUNS = 500;
const FILE_RUNS = 150;
/** Small copies, their arena, a pipe's read, the smallest segment with its header, the tight tail and spill. */
const LIMITS_OF_BUFFERS = [1, 4 * KIB, 16 * KIB, 64 * KIB - 8, 64 * KIB, 128 * KIB];

interface Scenario {
  readonly limits: OutputLimits;
  readonly isTight: boolean;
  readonly steps: readonly Step[];
}

type Step = (model: LogModel) => void | Promise<void>;

describe("an output log under random use", function () {
  this.timeout(120_000);

  it("in memory: every reader gets every byte once and in order, or a gap that names it", async () => {
    await check(MEMORY_RUNS, async (scenario) => run(scenario, new MemorySegmentStorage()));
  });

  it("on disk: every reader gets every byte once and in order, or a gap that names it", async () => {
    await check(FILE_RUNS, async (scenario) => {
      const folder = await mkdtemp(join(tmpdir(), "output-"));
      try {
        await run(scenario, new FileSegmentStorage(join(folder, "output"), new OpenFiles()));
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });
});

/** Prints the seed and the smallest failing scenario if there is one. */
async function check(numRuns: number, property: (scenario: Scenario) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitraryScenario(), property), { numRuns });
}

async function run({ limits, isTight, steps }: Scenario, storage: SegmentStorage): Promise<void> {
  let limitsTold = 0;
  const observer = {
    onLimit: () => limitsTold++,
    onError: (error: Error) => assert.fail(error),
  };
  const budget = new MemoryBudget();
  budget.add(isTight ? TIGHT_BYTES : 0);
  const logs = new SegmentedLogs(() => storage, budget);
  const options = { bundle: "", limits, observer };
  const log = logs.create(options);
  const model = new LogModel(log, limits, () => limitsTold);
  try {
    for (const step of steps) await step(model);
    await model.finish(segmentBytesFor(limits.maxBytes));
  } finally {
    await log.close();
  }
  assert.equal(budget.usedBytes, isTight ? TIGHT_BYTES : 0, "a closed log holds no memory");
  const reopened = await logs.open({ ...options, totals: log.totals });
  assert.deepEqual(reopened.totals, log.totals);
  await model.checkAll(reopened);
  await reopened.close();
}

function arbitraryScenario(): fc.Arbitrary<Scenario> {
  return fc.record({
    limits: fc.record({
      maxBytes: fc.constantFrom(64 * KIB, 64 * KIB + 1, 100_000, 1024 * KIB),
      replayBytes: fc.constantFrom(0, 1, 5000, 64 * KIB, 200_000),
      policy: fc.constantFrom("dropOldest", "block", "stop"),
    }),
    isTight: fc.boolean(),
    steps: fc.array(arbitraryStep(), { maxLength: 80, size: "max" }),
  });
}

function arbitraryStep(): fc.Arbitrary<Step> {
  const stream = fc.constantFrom<OutputStream>("stdout", "stderr");
  const consumer = fc.constantFrom("one", "two");
  const share = fc.double({ min: 0, max: 1.1, noNaN: true });
  const reader = fc.nat({ max: 4 });
  const at = (model: LogModel, part: number) => Math.floor(model.end * part);
  return fc.oneof(
    {
      weight: 10,
      arbitrary: step("append", [stream, arbitraryLength()], (model, to, length) => model.append(to, length)),
    },
    {
      weight: 5,
      arbitrary: step("read", [reader, fc.nat({ max: 9 })], (model, of, chunks) => model.read(of, chunks)),
    },
    { weight: 2, arbitrary: step("open", [share], (model, part) => model.openReader(at(model, part))) },
    {
      weight: 1,
      arbitrary: step("stop", [reader, fc.boolean()], (model, of, byAbort) => model.stopReader(of, byAbort)),
    },
    {
      weight: 1,
      arbitrary: step("register", [consumer, share], (model, name, part) =>
        model.register(name, at(model, part)),
      ),
    },
    {
      weight: 4,
      arbitrary: step("advance", [consumer, share], (model, name, part) =>
        model.advance(name, at(model, part)),
      ),
    },
    { weight: 1, arbitrary: step("unregister", [consumer], (model, name) => model.unregister(name)) },
    { weight: 4, arbitrary: step("wait", [fc.nat({ max: 3 })], waitTurns) },
  );
}

/** A step that prints as its name and arguments. */
function step<Args extends unknown[]>(
  name: string,
  args: { readonly [Key in keyof Args]: fc.Arbitrary<Args[Key]> },
  act: (model: LogModel, ...args: Args) => void | Promise<void>,
): fc.Arbitrary<Step> {
  return fc.tuple<Args>(...args).map((values) => {
    const run: Step = (model) => act(model, ...values);
    return Object.assign(run, { toString: () => `${name}(${values.join(", ")})` });
  });
}

function arbitraryLength(): fc.Arbitrary<number> {
  const nearLimit = fc
    .tuple(fc.constantFrom(...LIMITS_OF_BUFFERS), fc.integer({ min: -1, max: 1 }))
    .map(([limit, difference]) => limit + difference);
  return fc.oneof(nearLimit, fc.integer({ min: 1, max: 200 }));
}

/** Lets what the log does behind the scenes come some of its way. */
async function waitTurns(model: LogModel, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  model.check();
}
