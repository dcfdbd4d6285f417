import assert from "node:assert/strict";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";

describe("exec-remove", () => {
  let flow: ExecFlow;

  const open = async (options: ExecFlowOptions = {}) => {
    flow = await ExecFlow.open({ start: { unit: "line" }, ...options });
  };

  afterEach(() => flow.close());

  async function startSleeper(): Promise<string> {
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    const index = flow.received("stdout").length;
    flow.send("start", created);
    await flow.message("stdout", index);
    return String(created.sessionId);
  }

  const listIds = async () => (await (await flow.service()).list()).map(({ id }) => id);

  it("removes a session that has ended, and passes the message on as it came", async () => {
    await open();
    const { sessionId } = await flow.run(["true"]);
    flow.send("remove", { sessionId, payload: "kept" });
    assert.equal((await flow.message("removed")).payload, "kept");
    assert.deepEqual(await listIds(), []);
  });

  it("refuses a running session, unless it is to be stopped first", async () => {
    await open();
    const sessionId = await startSleeper();
    flow.send("remove", { sessionId });
    assert.equal((await flow.error()).code, "EXEC_WRONG_STATE");
    assert.deepEqual(await listIds(), [sessionId]);
    await flow.deploy("nodes", { remove: { force: true } });
    flow.send("remove", { sessionId });
    await flow.message("removed");
    assert.deepEqual(await listIds(), []);
    await flow.message("end");
  });

  it("removes only the files: the record with its exit code stays", async () => {
    await open({ remove: { what: "files" } });
    const { sessionId } = await flow.run(["sh", "-c", "echo output; exit 4"]);
    flow.send("remove", { sessionId });
    await flow.message("removed");
    const { ExitCode, output } = await (await flow.service()).inspect(String(sessionId));
    assert.deepEqual({ ExitCode, firstOffset: output.firstOffset }, { ExitCode: 4, firstOffset: 7 });
  });

  it("removes all sessions of the container, and tells which", async () => {
    await open({ remove: { what: "all" } });
    const running = await startSleeper();
    const { sessionId: ended } = await flow.run(["true"]);
    const { sessionId: created } = await flow.create({ command: ["true"] });
    flow.send("remove", {});
    const { removed, failed } = (await flow.message("removed")).payload as { removed: string[]; failed: [] };
    assert.deepEqual([...removed].sort(), [running, ended, created].sort());
    assert.deepEqual(failed, []);
    assert.deepEqual(await listIds(), []);
    await flow.message("end", 1);
  });
});
