import assert from "node:assert/strict";
import { readProcessStat } from "../../../src/process/process-stat.ts";
import { parseExecConfig } from "../../../src/session/exec-config.ts";
import { StartFailure } from "../../../src/session/runtime.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { OciWorld } from "../oci-contract.ts";
import { RuntimeWorld } from "../runtime-world.ts";
import { isSessionError } from "./starting.ts";

/** Enough for the end of a process to be seen. */
const TURNS = 20;

export function describeContainerStates(oci: () => OciWorld): void {
  describe("a container's state", () => {
    it("is paused between pause and resume, also for a runtime that saw it running", async () => {
      const { world, container } = oci();
      const states: string[] = [];
      const look = async () => states.push((await world.runtime.findContainer(container.id)).state);
      await look();
      await container.pause();
      await look();
      await container.resume();
      await look();
      assert.deepEqual(states, ["running", "paused", "running"]);
    });

    it("of being paused makes a start fail at once, with that reason", async () => {
      const { world, container } = oci();
      const found = await world.runtime.findContainer(container.id);
      await container.pause();
      try {
        await assert.rejects(world.start({ command: ["true"] }), (error) => {
          assert.ok(error instanceof StartFailure, String(error));
          assert.equal(error.startError.kind, "containerPaused");
          return true;
        });
      } finally {
        await container.resume();
      }
      assert.equal(found.state, "running");
    });

    it("ends the commands in it when it stops", async () => {
      const { yard, world: shared } = oci();
      const container = await yard.startContainer();
      const world = await RuntimeWorld.open(shared.runtime.spec, container.id);
      const process = await world.start({ command: ["sleep", "1000"] });
      await container.stop();
      assert.deepEqual(await process.exited, { exitCode: 137, signal: null, startError: null });
      assert.equal((await world.runtime.findContainer(container.id)).state, "stopped");
      await world.close();
    });

    it("refuses commands when it has stopped, and takes them again once it has been started again", async () => {
      const { yard, world: shared } = oci();
      const container = await yard.startContainer();
      const world = await RuntimeWorld.open(shared.runtime.spec, container.id);
      assert.equal((await world.run({ command: ["true"] })).exitCode, 0);
      const running = await world.runtime.findContainer(container.id);
      await container.stop();
      await assert.rejects(
        world.runtime.resolveProcess(running, parseExecConfig({ command: ["true"] })),
        isSessionError("EXEC_CONTAINER_NOT_RUNNING", /is stopped/),
      );
      await container.start();
      assert.equal((await world.runtime.findContainer(container.id)).state, "running");
      assert.equal((await world.run({ command: ["true"] })).exitCode, 0);
      await world.close();
    });

    it("is unknown once it has been removed", async () => {
      const { yard, world } = oci();
      const container = await yard.startContainer();
      assert.equal((await world.runtime.findContainer(container.id)).state, "running");
      await container.remove();
      await assert.rejects(
        world.runtime.findContainer(container.id),
        isSessionError("EXEC_CONTAINER_NOT_FOUND", new RegExp(container.id)),
      );
    });

    it("is not needed by a command that lost its runtime, which ends without an exit code", async () => {
      const { world } = oci();
      const started = await world.start({ command: ["sh", "-c", "sleep 1000 & exec sleep 1001"] });
      const runtime = runtimeOf(started.pid ?? 0);
      let hasEnded = false;
      void started.exited.then(() => {
        hasEnded = true;
      });
      process.kill(runtime, "SIGKILL");
      await waitUntil("its runtime is gone", () => readProcessStat(runtime) === null);
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
      assert.deepEqual([await started.isAlive(), hasEnded], [true, false]);
      await started.killAll();
      assert.deepEqual(await started.exited, { exitCode: null, signal: null, startError: null });
      await waitUntil("it is gone", async () => !(await started.isAlive()));
      started.release();
    });
  });
}

/** The attached runtime of a command is its parent. */
function runtimeOf(pid: number): number {
  const runtime = readProcessStat(pid)?.parentPid;
  assert.ok(runtime !== undefined && runtime > 1, `${pid} has a parent`);
  return runtime;
}
