import assert from "node:assert/strict";
import { parseExecConfig } from "../../src/session/exec-config.ts";
import type { EndRecord, ExecSession } from "../../src/session/exec-session.ts";
import { inspectSession } from "../../src/session/session-inspect.ts";
import { sampleSession } from "../support/sample-session.ts";

const OUTPUT = { stdoutBytes: 10, stderrBytes: 2, firstOffset: 3, truncated: 1 };

const END: EndRecord = {
  exitCode: 3,
  signal: null,
  reason: "exited",
  startError: null,
  startedAt: "2026-01-02T03:04:06.000Z",
  endedAt: "2026-01-02T03:04:07.000Z",
  heldOpen: false,
  truncated: 0,
};

describe("an inspected session", () => {
  it("has Podman's fields and ours, and the environment by name only", () => {
    const session = sampleSession({
      state: "running",
      revision: 3,
      runtime: { kind: "crun", path: "/usr/bin/crun", root: "/run/crun" },
      container: { id: "4711", name: "web", stopTimeout: 5 },
      config: parseExecConfig({
        command: ["psql", "-c", "vacuum"],
        tty: true,
        attachStdin: true,
        detachKeys: "ctrl-x",
        env: { PGPASSWORD: "s3cr3t" },
        privileged: true,
        user: "postgres",
        labels: { job: "vacuum" },
      }),
      resolved: {
        user: { uid: 70, gid: 71, additionalGids: [72] },
        workDir: "/var/lib",
        environmentNames: ["PATH", "PGPASSWORD"],
      },
      startedAt: "2026-01-02T03:04:06.000Z",
      pid: 4242,
      identity: { pid: 4242, startTicks: 1 },
    });
    const inspected = inspectSession(session, OUTPUT);
    assert.deepEqual(inspected, {
      CanRemove: false,
      ContainerID: "4711",
      DetachKeys: "ctrl-x",
      ExitCode: null,
      ID: session.id,
      OpenStdin: true,
      OpenStdout: true,
      OpenStderr: false,
      Running: true,
      Pid: 4242,
      ProcessConfig: {
        entrypoint: "psql",
        arguments: ["-c", "vacuum"],
        privileged: true,
        tty: true,
        user: "postgres",
      },
      state: "running",
      end: null,
      createdAt: session.createdAt,
      startedAt: "2026-01-02T03:04:06.000Z",
      runtime: { kind: "crun", path: "/usr/bin/crun", root: "/run/crun" },
      containerName: "web",
      workDir: "/var/lib",
      uid: 70,
      gid: 71,
      additionalGids: [72],
      environmentNames: ["PATH", "PGPASSWORD"],
      labels: { job: "vacuum" },
      output: OUTPUT,
      outputLimits: sampleSession().config.output,
      revision: 3,
    });
    assert.equal(JSON.stringify(inspected).includes("s3cr3t"), false);
  });

  it("can be removed, has no pid and no exit code before its start", () => {
    assert.deepEqual(summary({ state: "created" }), {
      CanRemove: true,
      Running: false,
      Pid: 0,
      ExitCode: null,
    });
  });

  it("has pid 0 where its runtime tells none", () => {
    assert.deepEqual(summary({ state: "running", pid: null }), {
      CanRemove: false,
      Running: true,
      Pid: 0,
      ExitCode: null,
    });
  });

  it("can be removed, has no pid any more, and has its exit code after its end", () => {
    assert.deepEqual(summary({ state: "stopped", pid: 4242, end: END }), {
      CanRemove: true,
      Running: false,
      Pid: 0,
      ExitCode: 3,
    });
    assert.equal(summary({ state: "stopped", end: { ...END, exitCode: 0 } }).ExitCode, 0);
  });

  it("has exit code null where nothing knows it", () => {
    const end: EndRecord = { ...END, exitCode: null, reason: "lost" };
    assert.equal(summary({ state: "stopped", end }).ExitCode, null);
  });

  it("has the default detach keys unless others were given; none are the empty text", () => {
    const keys = [undefined, "", "ctrl-a,d"].map((detachKeys) => {
      const config = parseExecConfig({ command: ["sh"], detachKeys });
      return inspectSession(sampleSession({ config }), OUTPUT).DetachKeys;
    });
    assert.deepEqual(keys, ["ctrl-p,ctrl-q", "", "ctrl-a,d"]);
  });
});

function summary(changes: Partial<ExecSession>) {
  const { CanRemove, Running, Pid, ExitCode } = inspectSession(sampleSession(changes), OUTPUT);
  return { CanRemove, Running, Pid, ExitCode };
}
