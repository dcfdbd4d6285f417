import assert from "node:assert/strict";
import type { NodeMessage } from "node-red";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("exec-start", () => {
  let flow: ExecFlow;

  const open = async (options?: ExecFlowOptions) => {
    flow = await ExecFlow.open(options);
  };

  afterEach(() => flow.close());

  it("standard output, standard error and the end leave by outputs of their own", async () => {
    await open({ start: { unit: "line" } });
    await flow.run(["sh", "-c", "echo out; echo err >&2; exit 3"], { topic: "job" });
    const [first, last] = flow.received("stdout");
    assert.deepEqual(
      { payload: first?.payload, stream: first?.stream, offset: first?.offset, topic: first?.topic },
      { payload: "out", stream: "stdout", offset: 0, topic: "job" },
    );
    assert.equal(last?.exitCode, 3);
    assert.deepEqual(texts("stderr"), ["err", ""]);
    assert.equal((await flow.message("stderr")).stream, "stderr");
    assert.equal(flow.received("end").length, 1);
  });

  it("the end message tells code, reason and times, as rc and as payload", async () => {
    await open();
    const { rc, payload, exitCode, session, sessionId } = await flow.run(["sh", "-c", "echo 1; exit 3"]);
    const { durationMs, startedAt, endedAt, ...others } = rc as Record<string, unknown>;
    assert.deepEqual(others, {
      code: 3,
      reason: "exited",
      stdoutBytes: 2,
      stderrBytes: 0,
      truncated: 0,
      heldOpen: false,
    });
    assert.equal(durationMs, Date.parse(String(endedAt)) - Date.parse(String(startedAt)));
    assert.deepEqual(payload, rc);
    assert.equal(exitCode, 3);
    assert.deepEqual(session, await (await flow.service()).inspect(String(sessionId)));
  });

  it("output is told while the command runs", async () => {
    await open({ start: { unit: "line" } });
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", created);
    assert.equal((await flow.message("stdout")).payload, "ready");
    const { session } = await flow.message("stdout");
    assert.equal((session as { state: string }).state, "running");
    flow.send("stop", { sessionId: created.sessionId });
    const { rc } = await flow.message("end");
    assert.deepEqual(
      { ...(rc as object), durationMs: 0, startedAt: 0, endedAt: 0 },
      {
        code: 143,
        signal: "SIGTERM",
        reason: "stopped",
        durationMs: 0,
        startedAt: 0,
        endedAt: 0,
        stdoutBytes: 6,
        stderrBytes: 0,
        truncated: 0,
        heldOpen: false,
      },
    );
  });

  it("detached, one message leaves output 3 as soon as the command runs, with the payload as it came", async () => {
    await open({ start: { mode: "detached" } });
    const created = await flow.create(
      { command: ["sh", "-c", "echo hidden; exec sleep 60"] },
      { payload: "kept" },
    );
    flow.send("start", created);
    const { payload, session, rc } = await flow.message("end");
    assert.deepEqual(
      { payload, state: (session as { state: string }).state, rc },
      {
        payload: "kept",
        state: "running",
        rc: undefined,
      },
    );
    await flow.message("completed");
    const service = await flow.service();
    await service.stop(String(created.sessionId), { timeout: 0 });
    assert.deepEqual([flow.received("stdout").length, flow.received("end").length], [0, 1]);
  });

  it("a message is completed when its session has ended, and not before", async () => {
    await open({ start: { unit: "line" } });
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", created);
    await flow.message("stdout");
    assert.deepEqual(flow.received("completed"), []);
    flow.send("stop", { sessionId: created.sessionId });
    const { rc, sessionId } = await flow.message("completed");
    assert.deepEqual([(rc as { code: number }).code, sessionId], [143, created.sessionId]);
    await flow.message("end");
    assert.equal(flow.received("completed").length, 1);
  });

  it("an exit code is no error unless the node says so; then it comes after the end message", async () => {
    await open();
    await flow.run(["sh", "-c", "exit 3"]);
    await flow.message("completed");
    await flow.close();
    await open({ start: { errors: "nonzero" } });
    const { sessionId } = await flow.run(["sh", "-c", "exit 3"]);
    const { code, message, cause } = await flow.error();
    assert.deepEqual(
      { code, message, exitCode: (cause as { exitCode: number }).exitCode },
      {
        code: "EXEC_NONZERO_EXIT",
        message: `Session ${String(sessionId).slice(0, 12)} ended with exit code 3.`,
        exitCode: 3,
      },
    );
    const { rc } = await flow.message("errors");
    assert.equal((rc as { code: number }).code, 3);
    assert.deepEqual(flow.received("completed"), []);
  });

  it("a timeout is an error where signals and timeouts are, and an exit code is none there", async () => {
    await open({ start: { errors: "signal" } });
    await flow.run(["sh", "-c", "exit 3"]);
    flow.send("start", await flow.create({ command: ["sleep", "60"], timeout: 0.1 }));
    assert.equal((await flow.error()).code, "EXEC_TIMED_OUT");
    assert.deepEqual(
      flow.received("end").map(({ rc }) => (rc as { reason: string }).reason),
      ["exited", "timeout"],
    );
  });

  it("a command that cannot be started has an end message with its exit code, and is an error", async () => {
    await open();
    const { rc, exitCode } = await flow.run(["/no/such/program"]);
    const { code, reason, startError } = rc as Record<string, unknown>;
    assert.deepEqual(
      { exitCode, code, reason, startError },
      {
        exitCode: 127,
        code: 127,
        reason: "startFailed",
        startError: "notFound",
      },
    );
    assert.equal((await flow.error()).code, "EXEC_START_FAILED");
    assert.deepEqual(flow.received("completed"), []);
  });

  it("a session whose start has failed is refused a second one, and its end is told once", async () => {
    await open();
    const { sessionId } = await flow.run(["/no/such/program"]);
    await flow.error();
    flow.send("start", { sessionId });
    assert.equal((await flow.error(1)).code, "EXEC_WRONG_STATE");
    assert.equal(flow.received("end").length, 1);
  });

  it("a session starts once; the second start is refused and leaves the first one alone", async () => {
    await open({ start: { unit: "line" } });
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", { ...created });
    await flow.message("stdout");
    flow.send("start", { ...created });
    assert.equal((await flow.error()).code, "EXEC_WRONG_STATE");
    flow.send("stop", { sessionId: created.sessionId });
    assert.equal(((await flow.message("end")).rc as { reason: string }).reason, "stopped");
    assert.equal(flow.received("end").length, 1);
  });

  it("a session that is removed by force while it runs still has its end message", async () => {
    await open({ start: { unit: "line" }, remove: { force: true } });
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", { ...created });
    await flow.message("stdout");
    flow.send("remove", { sessionId: created.sessionId });
    const { rc, session } = await flow.message("end");
    assert.deepEqual(
      { reason: (rc as { reason: string }).reason, state: (session as { state: string }).state },
      { reason: "stopped", state: "stopped" },
    );
    await flow.message("removed");
    assert.deepEqual(flow.received("errors"), []);
  });

  it("the status counts what runs, and tells how the last one ended", async () => {
    await open({ start: { unit: "line" } });
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", { ...created });
    await flow.message("stdout");
    await flow.run(["sh", "-c", "exit 3"]);
    flow.send("stop", { sessionId: created.sessionId });
    const shown = () => flow.runtime.statuses("start");
    // The test runtime has no catalogue, and shows a text's key.
    const last = { fill: "yellow", shape: "dot", text: "exec-start.status.stopped" };
    await waitUntil("the end is shown", () => JSON.stringify(shown().at(-1)) === JSON.stringify(last));
    assert.deepEqual(shown()[0], { fill: "blue", shape: "dot", text: "exec-start.status.running" });
    await flow.message("end", 1);
  });

  it("the session may be named by an expression, and by the beginning of its id", async () => {
    await open({ start: { sessionId: "flow.session", sessionIdType: "jsonata", unit: "whole" } });
    const { sessionId } = await flow.create({ command: ["echo", "found"] });
    flow.send("start", { flow: { session: String(sessionId).slice(0, 20) } } as NodeMessage);
    assert.equal((await flow.message("stdout")).payload, "found\n");
    await flow.message("end");
  });

  function texts(id: string): readonly unknown[] {
    return flow.received(id).map(({ payload }) => payload);
  }
});
