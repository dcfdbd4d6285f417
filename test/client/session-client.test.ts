import assert from "node:assert/strict";
import { describeServiceContract } from "../session/service-contract.ts";
import { ApiWorld } from "../support/api-world.ts";

describeServiceContract("SessionClient as a SessionService", async () => {
  const world = await ApiWorld.open(["c1", "c2"]);
  return { service: world.client, machine: world.world.machine, dispose: () => world.dispose() };
});

describe("session-client", () => {
  it("gives the memory of a borrowed chunk back once the next one is asked for", async () => {
    const world = await ApiWorld.open(["c1"]);
    const { id } = await world.client.create(world.world.target("c1"), { command: ["runs"] });
    const attachment = await world.client.startAndAttach(id, { borrow: true });
    const chunks = attachment[Symbol.asyncIterator]();
    world.world.machine.process().stdout?.write(Buffer.alloc(50_000));
    const { value: chunk } = await chunks.next();
    assert.ok(chunk?.kind === "data" && chunk.data.length >= 4096);
    world.world.machine.process().exit(0);
    while (!(await chunks.next()).done);
    assert.equal(chunk.data.length, 0);
    await world.dispose();
  });
});
