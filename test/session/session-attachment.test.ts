import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { MemorySegmentStorage } from "../../src/output/memory-segment-storage.ts";
import type { StoredSegment } from "../../src/output/segment-storage.ts";
import { SegmentedLogs } from "../../src/output/segmented-logs.ts";
import { TestWorld } from "../support/test-world.ts";

describe("session-attachment", () => {
  it("a consumer that reads to the end and is forgotten then costs the disk nothing", async () => {
    const storage = new CountingStorage();
    const world = await TestWorld.open(["web"], { outputs: new SegmentedLogs(() => storage) });
    const { id } = await world.manager.create(world.target("web"), { command: ["job"] });
    const attachment = await world.manager.startAndAttach(id, { consumer: "flow" });
    world.machine.process().stdout?.write("0123456789");
    world.machine.process().exit(0);
    for await (const chunk of attachment) {
      assert.ok(chunk.kind === "data");
      attachment.advance(chunk.offset + chunk.data.length);
    }
    await attachment.ended;
    attachment.close({ forget: true });
    await world.manager.remove(id);
    assert.equal(storage.replaced, 0);
    await world.dispose();
  });

  it("closing it ends the iteration, also of a session whose output an earlier manager had", async () => {
    const world = await TestWorld.open(["web"]);
    const { id } = await world.manager.create(world.target("web"), { command: ["job"] });
    await world.manager.start(id);
    world.machine.crashManager();
    await world.reopen();
    const attachment = await world.manager.attach(id);
    const chunks = attachment[Symbol.asyncIterator]();
    const next = chunks.next();
    // Lets it read to the end of what there is.
    await setImmediate();
    attachment.close();
    assert.equal((await next).done, true);
    assert.deepEqual(await attachment.ended, { kind: "detached", by: "close" });
    await world.manager.stop(id, { timeout: 0 });
    await world.dispose();
  });

  it("one that is being opened while its session is removed ends, and says so", async () => {
    const storage = new SlowStorage();
    const world = await TestWorld.open(["web"], { outputs: new SegmentedLogs(() => storage) });
    const { id } = await world.manager.create(world.target("web"), { command: ["job"] });
    await world.manager.start(id);
    world.machine.process().stdout?.write("0123456789");
    world.machine.process().exit(0);
    const end = await world.manager.wait(id);
    const opening = world.manager.attach(id);
    const removing = world.manager.remove(id);
    // Lets the removal begin.
    await setImmediate();
    storage.listing.resolve();
    const attachment = await opening;
    await removing;
    for await (const _ of attachment) assert.fail("there is no output any more");
    assert.deepEqual(await attachment.ended, { kind: "removed", end });
    await world.dispose();
  });
});

class CountingStorage extends MemorySegmentStorage {
  replaced = 0;

  override replace(name: string, content: Buffer): Promise<void> {
    this.replaced++;
    return super.replace(name, content);
  }
}

class SlowStorage extends MemorySegmentStorage {
  readonly listing = Promise.withResolvers<void>();

  override async list(): Promise<readonly StoredSegment[]> {
    await this.listing.promise;
    return super.list();
  }
}
