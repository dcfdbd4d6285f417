import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { MemorySegmentStorage } from "../../src/output/memory-segment-storage.ts";
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
});

class CountingStorage extends MemorySegmentStorage {
  replaced = 0;

  override replace(name: string, content: Buffer): Promise<void> {
    this.replaced++;
    return super.replace(name, content);
  }
}
