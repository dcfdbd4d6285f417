import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { isSameProcessAlive, readBootId, readProcessIdentity } from "../../src/process/process-identity.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("process identity", () => {
  it("is the same at every reading while the process runs", () => {
    const identity = readProcessIdentity(process.pid);
    assert.ok(identity);
    assert.deepEqual(readProcessIdentity(process.pid), identity);
    assert.equal(identity.bootId, readBootId());
    assert.ok(isSameProcessAlive(identity));
  });

  it("is not shared by another process of the same pid, or by the same pid and time of an earlier boot", () => {
    const identity = readProcessIdentity(process.pid);
    assert.ok(identity);
    assert.ok(!isSameProcessAlive({ ...identity, startTime: identity.startTime - 1 }));
    assert.ok(!isSameProcessAlive({ ...identity, bootId: "an earlier boot" }));
  });

  it("lives on in a stopped process and ends with a killed one", async () => {
    const child = await spawnReady("sh", ["-c", "echo ready; exec sleep 600"]);
    const identity = readProcessIdentity(child.pid ?? 0);
    assert.ok(identity);
    const ageSeconds = uptime() - identity.startTime / TICKS_PER_SECOND;
    assert.ok(Math.abs(ageSeconds) < 10, `it has just started, and is ${ageSeconds} s old`);
    child.kill("SIGSTOP");
    assert.ok(isSameProcessAlive(identity));
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.ok(!isSameProcessAlive(identity));
    assert.equal(readProcessIdentity(identity.pid), null);
  });

  it("has ended in a zombie", async () => {
    // The shell becomes a sleep, which never reaps the child that the shell started; the shell itself would.
    const parent = await spawnReady("sh", ["-c", "exec 3<&0; cat <&3 & echo $!; exec sleep 600"]);
    const pid = Number(parent.firstLine);
    await waitUntil("the shell is a sleep", async () => (await nameOf(parent.pid)) === "sleep");
    parent.stdin?.end();
    await waitUntil("its child has ended", () => readProcessIdentity(pid) === null);
    assert.doesNotThrow(() => process.kill(pid, 0), "the zombie is still in the process table");
    parent.kill("SIGKILL");
    await once(parent, "exit");
  });

  it("is read from a process whose name holds spaces and parentheses", async () => {
    const child = await spawnReady(process.execPath, [
      "-e",
      "process.title = 'a) Z 1 (b'; console.log('ready'); setInterval(() => {}, 1e6)",
    ]);
    const identity = readProcessIdentity(child.pid ?? 0);
    assert.ok(identity && isSameProcessAlive(identity));
    child.kill("SIGKILL");
    await once(child, "exit");
  });
});

/** Linux shows times in these ticks on every architecture, whatever its kernel counts in. */
const TICKS_PER_SECOND = 100;

async function nameOf(pid: number | undefined): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
}

async function spawnReady(program: string, args: string[]): Promise<ChildProcess & { firstLine: string }> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [chunk] = await once(child.stdout, "data");
  return Object.assign(child, { firstLine: String(chunk).trim() });
}
