import assert from "node:assert/strict";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";

/** Ignores SIGTERM, says so when it is ready, and tells SIGINT. */
const STUBBORN = [
  "sh",
  "-c",
  'trap "" TERM; trap "exit 7" INT; echo ready; while :; do sleep 60 & wait; done',
];

describe("exec-stop", () => {
  let flow: ExecFlow;

  const open = async (options: ExecFlowOptions = {}) => {
    flow = await ExecFlow.open({ start: { unit: "line" }, ...options });
  };

  afterEach(() => flow.close());

  async function startStubborn(): Promise<string> {
    const created = await flow.create({ command: STUBBORN, stopTimeout: 0.2 });
    flow.send("start", created);
    await flow.message("stdout");
    return String(created.sessionId);
  }

  it("the message goes on once the session has ended, and tells how", async () => {
    await open();
    const sessionId = await startStubborn();
    flow.send("stop", { sessionId, payload: "kept" });
    const { payload, rc, exitCode, session } = await flow.message("stopped");
    const { reason, code, signal } = rc as Record<string, unknown>;
    assert.deepEqual(
      { payload, reason, code, signal, exitCode, state: (session as { state: string }).state },
      { payload: "kept", reason: "stopped", code: 137, signal: "SIGKILL", exitCode: 137, state: "stopped" },
    );
    await flow.message("end");
  });

  it("signal and timeout are the node's, where it has them", async () => {
    await open({ stop: { signal: "int", timeout: "payload.patience", timeoutType: "msg" } });
    const sessionId = await startStubborn();
    flow.send("stop", { sessionId, payload: { patience: 10 } });
    assert.equal((await flow.message("stopped")).exitCode, 7);
    await flow.message("end");
  });

  it("a timeout of 0 sends SIGKILL at once, however patient the session is", async () => {
    await open({ stop: { timeout: "0" } });
    const created = await flow.create({ command: STUBBORN, stopTimeout: 600 });
    flow.send("start", created);
    await flow.message("stdout");
    flow.send("stop", { sessionId: created.sessionId });
    assert.equal((await flow.message("stopped")).exitCode, 137);
    await flow.message("end");
  });

  it("a session that has ended already is left as it is, and tells how it ended", async () => {
    await open();
    const { sessionId } = await flow.run(["sh", "-c", "exit 5"]);
    flow.send("stop", { sessionId });
    assert.equal((await flow.message("stopped")).exitCode, 5);
  });

  it("two stops of one session both succeed", async () => {
    await open();
    const sessionId = await startStubborn();
    flow.send("stop", { sessionId });
    flow.send("stop", { sessionId });
    assert.deepEqual(
      [await flow.message("stopped", 0), await flow.message("stopped", 1)].map(({ exitCode }) => exitCode),
      [137, 137],
    );
    await flow.message("end");
  });

  it("a stop that is under way at a deploy is told after it", async () => {
    await open();
    const created = await flow.create({ command: STUBBORN, stopTimeout: 0.5 });
    flow.send("start", created);
    await flow.message("stdout");
    flow.send("stop", { sessionId: created.sessionId, payload: "kept" });
    await flow.deploy("full", { stop: { name: "changed" } });
    const { payload, exitCode } = await flow.message("stopped");
    assert.deepEqual([payload, exitCode], ["kept", 137]);
    await flow.message("end");
    assert.equal(flow.received("stopped").length, 1);
  });
});
