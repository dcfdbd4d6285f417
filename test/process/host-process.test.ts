import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  findProcess,
  type HostProcess,
  identifyProcess,
  parseHostProcess,
  signalProcess,
} from "../../src/process/host-process.ts";
import { startTimeMs } from "../../src/process/uptime.ts";

/** Start times count in hundredths of a second. */
const CLOCK_STEP_MS = 20;

describe("a process of this machine", () => {
  let child: ChildProcess;
  let identity: HostProcess;
  let spawnedMs: number;

  beforeEach(() => {
    spawnedMs = Date.now();
    child = spawn("sleep", ["1000"], { detached: true });
    identity = identifyProcess(child.pid ?? 0);
  });

  afterEach(async () => {
    if (child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  it("is known by pid, start, boot, session and pid namespace", () => {
    assert.equal(findProcess(identity)?.pid, child.pid);
    assert.match(identity.pidNamespace ?? "", /^pid:\[\d+\]$/);
    assert.deepEqual(parseHostProcess(JSON.parse(JSON.stringify(identity))), identity);
  });

  it("is not found under another start or boot", () => {
    assert.equal(findProcess({ ...identity, startTime: Number(identity.startTime) + 1 }), null);
    assert.equal(findProcess({ ...identity, bootId: "another" }), null);
    assert.equal(findProcess({ ...identity, startTime: null }), null);
  });

  it("gets a signal as long as it is the same one", async () => {
    assert.equal(signalProcess({ ...identity, startTime: 1 }, "SIGKILL"), "gone");
    assert.equal(signalProcess(identity, "SIGTERM"), "delivered");
    const [, signal] = await once(child, "exit");
    assert.equal(signal, "SIGTERM");
    assert.equal(signalProcess(identity, "SIGTERM"), "gone");
  });

  it("has a start on the clock", () => {
    const startMs = startTimeMs(Number(identity.startTime));
    assert.ok(startMs >= spawnedMs - CLOCK_STEP_MS && startMs <= Date.now() + CLOCK_STEP_MS, `${startMs}`);
  });

  it("has no identity in what is none of ours", () => {
    for (const raw of [{}, { pid: "1", bootId: "b" }, { pid: 1 }, { pid: 1, bootId: "b", startTime: "5" }]) {
      assert.equal(parseHostProcess(raw as Parameters<typeof parseHostProcess>[0]), null);
    }
  });
});
