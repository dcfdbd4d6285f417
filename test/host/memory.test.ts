import assert from "node:assert/strict";
import type { OutputLimits } from "../../src/session/exec-config.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { HostWorld, LOCAL, type StartedHost } from "../support/host-world.ts";
import { MemoryGrowth } from "../support/memory-growth.ts";
import { type LineRange, NumberedReading, writeNumberedLines } from "../support/numbered-lines.ts";
import { waitUntil } from "../support/wait-until.ts";
import { StallingClient } from "./stalling-client.ts";

const MIB = 1024 * 1024;
const OUTPUT_BYTES = 2048 * MIB;
const WARM_UP_BYTES = 16 * MIB;
const MOST_GROWTH_BYTES = 64 * MIB;
/** While 2 GiB really pass through: V8 lets 64 MiB of buffers pile up before it looks for those that are not used. */
const MOST_GROWTH_WHILE_READING_BYTES = 128 * MIB;
const LIMITS = { maxBytes: 64 * MIB, replayBytes: 8 * MIB } as const;
/** The log is dropped in steps of this. */
const SEGMENT_BYTES = 4 * MIB;
/** For 2 GiB, on a machine that does other things too. */
const WRITING_MS = 120_000;

describe("a client that stops reading while its session's command writes 2 GiB", function () {
  this.timeout(WRITING_MS * 2);
  let world: HostWorld;
  let host: StartedHost;
  let service: SessionService;
  let client: StallingClient;

  beforeEach(async () => {
    world = new HostWorld();
    host = await world.start();
    service = world.clientOf(host.ready.socket);
    client = await StallingClient.start(host.ready.socket);
  });

  afterEach(async () => {
    await client.end();
    await world.dispose();
  });

  async function create(bytes: number, policy: OutputLimits["policy"]): Promise<string> {
    const command = writeNumberedLines(bytes);
    return (await service.create(LOCAL, { command, output: { ...LIMITS, policy } })).id;
  }

  /** After a session whose output fits into its log, with all that such a session needs in memory. */
  async function warmUp(): Promise<MemoryGrowth> {
    const id = await create(WARM_UP_BYTES, "dropOldest");
    await client.startAndStall(id);
    await service.wait(id);
    assert.deepEqual(await client.readOn(), [{ kind: "data", from: 0, to: WARM_UP_BYTES }]);
    return new MemoryGrowth({ host: host.pid, client: client.pid });
  }

  it("costs neither of the processes memory under dropOldest, and gets what the limits kept and the gap before it", async () => {
    const growth = await warmUp();
    const id = await create(OUTPUT_BYTES, "dropOldest");
    const stalledAt = await client.startAndStall(id);
    await waitUntil("the command has written everything", () => hasEnded(id, growth), WRITING_MS);
    growth.assertWithin(MOST_GROWTH_BYTES);
    const { firstOffset, stdoutBytes, truncated } = (await service.inspect(id)).output;
    assert.equal(stdoutBytes, OUTPUT_BYTES);
    assert.equal(truncated, firstOffset - stalledAt);
    const keptBytes = OUTPUT_BYTES - firstOffset;
    assert.ok(
      keptBytes >= LIMITS.maxBytes && keptBytes <= LIMITS.maxBytes + 2 * SEGMENT_BYTES,
      `${keptBytes}`,
    );
    const kept = { kind: "data", from: firstOffset, to: OUTPUT_BYTES };
    assert.deepEqual(await readAll(id), [{ kind: "gap", from: 0, to: firstOffset }, kept]);
    const ranges = await growth.during(client.readOn());
    const onTheWay = ranges[0]?.to ?? 0;
    assert.ok(onTheWay >= stalledAt);
    assert.deepEqual(ranges, [
      { kind: "data", from: 0, to: onTheWay },
      { kind: "gap", from: onTheWay, to: firstOffset },
      kept,
    ]);
    growth.assertWithin(MOST_GROWTH_WHILE_READING_BYTES);
  });

  it("costs neither of the processes memory under block, and gets everything once it reads on", async () => {
    const growth = await warmUp();
    const id = await create(OUTPUT_BYTES, "block");
    const stalledAt = await client.startAndStall(id);
    await waitUntil("the command is held back", () => isHeldBack(id, stalledAt, growth), WRITING_MS);
    growth.assertWithin(MOST_GROWTH_BYTES);
    assert.equal((await service.inspect(id)).Running, true);
    assert.deepEqual(await growth.during(client.readOn()), [{ kind: "data", from: 0, to: OUTPUT_BYTES }]);
    const { exitCode, truncated } = await service.wait(id);
    assert.deepEqual([exitCode, truncated], [0, 0]);
    const { firstOffset } = (await service.inspect(id)).output;
    const kept = { kind: "data", from: firstOffset, to: OUTPUT_BYTES };
    assert.ok(OUTPUT_BYTES - firstOffset >= LIMITS.replayBytes);
    assert.deepEqual(await readAll(id), [{ kind: "gap", from: 0, to: firstOffset }, kept]);
    growth.assertWithin(MOST_GROWTH_WHILE_READING_BYTES);
  });

  async function hasEnded(id: string, growth: MemoryGrowth): Promise<boolean> {
    growth.sample();
    return (await service.inspect(id)).end !== null;
  }

  /** Once the unread output has come to the limit, no more of it is read from the command. */
  async function isHeldBack(id: string, stalledAt: number, growth: MemoryGrowth): Promise<boolean> {
    growth.sample();
    return (await service.inspect(id)).output.stdoutBytes - stalledAt >= LIMITS.maxBytes;
  }

  /** What a reader gets that comes late. */
  async function readAll(id: string): Promise<readonly LineRange[]> {
    const reading = new NumberedReading();
    for await (const chunk of await service.attach(id)) reading.add(chunk);
    return reading.ranges;
  }
});
