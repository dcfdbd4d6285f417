import assert from "node:assert/strict";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessIdentity } from "../../../src/session/exec-session.ts";
import type { ExecProcess } from "../../../src/session/runtime.ts";
import type { RuntimeWorld } from "../runtime-world.ts";

export function describeRecovery(world: () => RuntimeWorld): void {
  describe("recovery", () => {
    let started: ExecProcess;
    let bundle: string;

    beforeEach(async () => {
      started = await world().start({ command: ["sleep", "1000"] });
      bundle = world().bundle;
    });

    afterEach(async () => {
      await started.killAll();
      await started.exited;
      started.release();
    });

    function recover(identity: ProcessIdentity | null): Promise<ExecProcess | null> {
      // As it comes back from a record.
      const stored = identity === null ? null : JSON.parse(JSON.stringify(identity));
      return world().runtime.recover({ identity: stored, bundle });
    }

    it("finds a command that still runs, without its streams", async () => {
      const found = await recover(started.identity);
      assert(found !== null);
      assert.deepEqual([found.stdin, found.stdout, found.stderr], [null, null, null]);
      assert.deepEqual([found.pid, await found.isAlive()], [started.pid, true]);
      found.release();
    });

    it("can signal and kill it, and tells its end with an exit code that nobody knows", async () => {
      const found = await recover(started.identity);
      assert(found !== null);
      assert.equal(await found.kill("SIGTERM"), "delivered");
      assert.deepEqual(await found.exited, { exitCode: null, signal: null, startError: null });
      assert.equal(await found.kill("SIGTERM"), "gone");
      await found.killAll();
    });

    it("finds nothing of a command that has ended", async () => {
      await started.killAll();
      await started.exited;
      assert.equal(await recover(started.identity), null);
      assert.equal(await recover(null), null);
    });

    it("takes no later process with the same pid, nor one of another boot, for the command", async () => {
      const { startTime } = started.identity;
      assert.equal(typeof startTime, "number");
      assert.equal(await recover({ ...started.identity, startTime: Number(startTime) - 1 }), null);
      assert.equal(await recover({ ...started.identity, bootId: "another boot" }), null);
    });

    it("finds a command by its pid file if the manager died before it told anybody", async () => {
      const found = await recover(null);
      assert.equal(found?.pid, started.pid);
      assert.deepEqual(found?.identity, started.identity);
    });

    it("takes no process that began after the pid file was written for the command", async () => {
      const later = await world().start({ command: ["sleep", "1000"] });
      const pidFile = join(bundle, "exec_pid");
      await writeFile(pidFile, String(later.pid));
      await utimes(pidFile, new Date(), new Date(Date.now() - 60_000));
      assert.equal(await recover(null), null);
      await later.killAll();
      later.release();
    });
  });
}
