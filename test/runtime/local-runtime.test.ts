import assert from "node:assert/strict";
import { describeNeeding } from "../support/requirements.ts";
import { isSessionError } from "./contract/starting.ts";
import { describeRuntimeContract } from "./runtime-contract.ts";
import { RuntimeWorld } from "./runtime-world.ts";

describeNeeding(["root", "setsid"], "the local runtime", () => {
  let world: RuntimeWorld;

  before(async () => {
    world = await RuntimeWorld.open({ kind: "local", path: "", root: "" }, "local");
  });

  after(() => world.close());

  describeRuntimeContract(() => world);

  it("runs as another user without supplementary groups, and says so", async () => {
    const { user } = await world.resolve({ command: ["id"], user: "daemon" });
    assert.deepEqual(user, { uid: 1, gid: 1, additionalGids: [] });
    assert.equal(String((await world.shell("id -G", { user: "daemon" })).stdout), "1\n");
  });

  it("runs as this process's own user with all its groups, also when that is asked for", async () => {
    const own = { uid: process.getuid?.(), gid: process.getgid?.(), additionalGids: process.getgroups?.() };
    assert.deepEqual((await world.resolve({ command: ["id"] })).user, own);
    assert.deepEqual((await world.resolve({ command: ["id"], user: `${own.uid}:${own.gid}` })).user, own);
  });

  it("gives another user another home than this process's", async () => {
    const { stdout } = await world.shell('echo "$HOME"', { user: "daemon" });
    assert.equal(String(stdout), "/usr/sbin\n");
  });

  it("has no container but itself", async () => {
    await assert.rejects(
      world.runtime.findContainer("another"),
      isSessionError("EXEC_CONTAINER_NOT_FOUND", /only the container "local"/),
    );
  });
});
