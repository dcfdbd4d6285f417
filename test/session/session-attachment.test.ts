import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { TestWorld } from "../support/test-world.ts";

describe("session-attachment", () => {
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
