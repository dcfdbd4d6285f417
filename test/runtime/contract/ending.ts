import assert from "node:assert/strict";
import { readProcessStat } from "../../../src/process/process-stat.ts";
import type { ExecProcess } from "../../../src/session/runtime.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { hostPid, isThere } from "../host-pids.ts";
import { collect, type RuntimeWorld } from "../runtime-world.ts";

export function describeEnding(world: () => RuntimeWorld): void {
  describe("ending", () => {
    // 1, 126, 127 and 255 are what runtimes exit with when they fail themselves.
    for (const code of [0, 1, 7, 125, 126, 127, 137, 255]) {
      it(`reports the command's own exit code ${code}`, async () => {
        const { exitCode, signal, startError } = await world().shell(`exit ${code}`);
        assert.deepEqual(
          { exitCode, signal, startError },
          { exitCode: code, signal: null, startError: null },
        );
      });
    }

    it("reports a signal that was sent here by its name and as 128 and its number", async () => {
      const process = await world().start({ command: ["sleep", "1000"] });
      assert.equal(await process.kill("SIGTERM"), "delivered");
      const end = { exitCode: 143, signal: "SIGTERM", startError: null };
      assert.deepEqual(await process.exited, end);
      assert.equal(await process.kill("SIGTERM"), "gone");
      process.release();
    });

    it("reports a signal that the command sent itself as 128 and its number", async () => {
      assert.equal((await world().shell("kill -KILL $$")).exitCode, 137);
    });

    it("signals the command alone", async () => {
      const { process, pids } = await startTree(world(), "sleep 1000 & echo $!; exec sleep 1000", 1);
      const children = await pids;
      await process.kill("SIGTERM");
      assert.equal((await process.exited).exitCode, 143);
      assert.deepEqual(children.map(isThere), [true]);
      await process.killAll();
      process.release();
    });

    it("is known, and all that was printed before it, also if nobody reads", async () => {
      const process = await world().start({ command: ["yes"] });
      const { stdout } = process;
      assert(stdout !== null);
      stdout.once("readable", () => {});
      await waitUntil("the command waits for its output to be read", () => {
        const isAsleep = readProcessStat(process.pid ?? 0)?.state === "S";
        return isAsleep && stdout.readableLength >= stdout.readableHighWaterMark;
      });
      await process.killAll();
      assert.equal((await process.exited).exitCode, 137);
      const output = await collect(stdout);
      assert.ok(output.length > stdout.readableHighWaterMark);
      assert.equal(output.toString().replaceAll("y\n", ""), "");
      process.release();
    });

    it("lets a command go on that catches the signal", async () => {
      const process = await world().start({
        command: ["sh", "-c", 'trap "exit 9" USR1; echo; while :; do sleep 0.01; done'],
      });
      await new Promise((resolve) => process.stdout?.once("data", resolve));
      assert.equal(await process.kill("SIGUSR1"), "delivered");
      assert.deepEqual(await process.exited, { exitCode: 9, signal: null, startError: null });
      process.release();
    });

    it("kills the command with all its children, grandchildren and those that began a session of their own", async () => {
      const script = `
        sh -c 'sleep 1000 & echo $!; sleep 1001' &
        setsid sh -c 'sleep 1002 & echo $!; sleep 1003' &
        trap "" TERM INT HUP
        while :; do sleep 0.01; done`;
      const { process, pids } = await startTree(world(), script, 2);
      const children = await pids;
      assert.deepEqual(children.map(isThere), [true, true]);
      await process.killAll();
      assert.deepEqual(await process.exited, { exitCode: 137, signal: "SIGKILL", startError: null });
      await waitUntil("all are gone", () => !children.some(isThere));
      process.release();
    });

    it("kills children that have outlived the command", async () => {
      const { process, pids } = await startTree(world(), "sleep 1000 & echo $!; sleep 0.2", 1);
      const children = await pids;
      assert.equal((await process.exited).exitCode, 0);
      assert.deepEqual(children.map(isThere), [true]);
      await process.killAll();
      await waitUntil("the child is gone", () => !children.some(isThere));
      process.release();
    });

    it("kills nothing of other commands, and has nothing to do where nothing is left", async () => {
      const other = await world().start({ command: ["sleep", "1000"] });
      const process = await world().start({ command: ["sleep", "1000"] });
      await process.killAll();
      await process.exited;
      await process.killAll();
      assert.equal(await other.isAlive(), true);
      await other.killAll();
      for (const one of [process, other]) one.release();
    });
  });
}

interface Tree {
  readonly process: ExecProcess;
  /** The children's pids, as this machine counts. */
  readonly pids: Promise<number[]>;
}

/** Starts a script that prints the pids of so many of its children. */
async function startTree(world: RuntimeWorld, script: string, count: number): Promise<Tree> {
  const process = await world.start({ command: ["sh", "-c", script] });
  let text = "";
  const pids = new Promise<number[]>((resolve) => {
    process.stdout?.on("data", (chunk) => {
      text += chunk;
      const printed = text.split("\n").slice(0, -1);
      if (printed.length === count) resolve(printed.map((pid) => hostPid(process, Number(pid))));
    });
  });
  return { process, pids };
}
