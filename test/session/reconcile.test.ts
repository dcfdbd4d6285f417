import assert from "node:assert/strict";
import { SessionError } from "../../src/session/session-error.ts";
import { FakeRuntime } from "../support/fake-runtime.ts";
import { TestWorld } from "../support/test-world.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("sessions whose runtime cannot be asked when their manager starts", () => {
  it("are taken over, or ended, once it can be", async () => {
    let isInstalled = true;
    const world: TestWorld = await TestWorld.open(["c1"], {
      runtimes: async () => {
        if (!isInstalled) throw new SessionError("EXEC_RUNTIME_NOT_FOUND", "There is no crun.");
        return new FakeRuntime(world.machine);
      },
    });
    const start = async () => {
      const { id } = await world.manager.create(world.target("c1"), { command: ["runs"] });
      await world.manager.start(id);
      return id;
    };
    const over = await start();
    const command = world.machine.process();
    const runs = await start();
    world.machine.crashManager();
    command.exit(0);
    isInstalled = false;
    await world.reopen();
    await assert.rejects(world.manager.stop(runs), { code: "EXEC_RUNTIME_FAILED" });
    isInstalled = true;
    assert.equal((await world.manager.wait(over)).reason, "lost");
    await waitUntil("it is taken over", () => world.reports.some((text) => text.includes("still runs")));
    assert.equal((await world.manager.stop(runs, { timeout: 0 }))?.exitCode, null);
    const told = world.reports.filter((text) => text.includes("cannot be checked: There is no crun."));
    assert.equal(told.length, 2);
    await world.dispose();
  });
});
