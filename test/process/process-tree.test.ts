import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type HostProcess, identifyProcess } from "../../src/process/host-process.ts";
import type { ProcessStat } from "../../src/process/process-stat.ts";
import { findMembers, killTree } from "../../src/process/process-tree.ts";

describe("a command's process tree", () => {
  const command: HostProcess = {
    pid: 100,
    startTime: 1000,
    bootId: "boot",
    sessionId: 90,
    pidNamespace: null,
  };

  function membersOf(...processes: Partial<ProcessStat>[]): number[] {
    const stats = processes.map((process, index) => ({
      ...{ pid: 200 + index, state: "S", parentPid: 1, sessionId: 1, startTime: 2000 },
      ...process,
    }));
    return findMembers([command], stats)
      .map(({ pid }) => pid)
      .sort((a, b) => a - b);
  }

  it("has the command, its session, and the descendants of both", () => {
    const members = membersOf(
      { pid: 100, sessionId: 90, startTime: 1000 },
      { pid: 101, sessionId: 90, parentPid: 1 },
      { pid: 102, sessionId: 102, parentPid: 100 },
      { pid: 103, sessionId: 102, parentPid: 102 },
      { pid: 104, sessionId: 104, parentPid: 101 },
      { pid: 105, sessionId: 105, parentPid: 1 },
    );
    assert.deepEqual(members, [100, 101, 102, 103, 104]);
  });

  it("has the session's processes also when the command itself is gone", () => {
    assert.deepEqual(membersOf({ pid: 101, sessionId: 90 }, { pid: 102, parentPid: 101 }), [101, 102]);
  });

  it("has no zombies, but the living children of one", () => {
    const members = membersOf({ pid: 101, sessionId: 90, state: "Z" }, { pid: 102, parentPid: 101 });
    assert.deepEqual(members, [102]);
  });

  it("has nobody who began before the command, or has its pid after it", () => {
    const members = membersOf({ pid: 101, sessionId: 90, startTime: 999 }, { pid: 100, sessionId: 90 });
    assert.deepEqual(members, []);
  });

  it("has nobody in it where nothing is known of the command but its pid", () => {
    const unknown = { ...command, startTime: null, sessionId: null };
    const stats = [{ pid: 100, state: "S", parentPid: 1, sessionId: 100, startTime: 5 }];
    assert.deepEqual(findMembers([unknown], stats), []);
  });

  it("has no process of another pid namespace with the same session number", () => {
    const stat = { pid: process.pid, state: "S", parentPid: 1, sessionId: 90, startTime: 2000 };
    assert.equal(findMembers([command], [stat]).length, 1);
    assert.equal(findMembers([{ ...command, pidNamespace: "pid:[1]" }], [stat]).length, 0);
  });

  const forking = "echo ready; n=0; while [ $n -lt 300 ]; do sleep 1000 & n=$((n+1)); done; wait";
  const places: readonly [where: string, script: string][] = [
    ["", forking],
    [" in a session of its own", `setsid sh -c '${forking}' & wait`],
  ];
  for (const [where, script] of places)
    it(`is killed as a whole, also what forks${where} while it is being killed`, async () => {
      const child = spawn("sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
      const exited = once(child, "exit");
      const closed = once(child.stdout, "close");
      const identity = identifyProcess(child.pid ?? 0);
      await once(child.stdout, "data");
      await killTree({ ...identity, sessionId: identity.pid });
      await exited;
      // The pipe closes with the last process that has it.
      await closed;
    });
});
