import assert from "node:assert/strict";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";

/** Tells its terminal's size whenever it changes. */
const WATCH_SIZE = ["sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 60 & wait; done"];

describe("exec-resize", () => {
  let flow: ExecFlow;

  const open = async (options: ExecFlowOptions = {}) => {
    flow = await ExecFlow.open({ start: { unit: "line" }, stop: { timeout: "0" }, ...options });
  };

  afterEach(() => flow.close());

  it("the command is told the new size, and the message goes on as it came", async () => {
    await open({ create: { tty: true } });
    const created = await flow.create({ command: WATCH_SIZE });
    flow.send("start", created);
    await flow.message("stdout");
    flow.send("resize", { sessionId: created.sessionId, payload: { columns: 132, rows: 50 } });
    assert.deepEqual((await flow.message("resized")).payload, { columns: 132, rows: 50 });
    assert.equal((await flow.message("stdout", 1)).payload, "50 132\r");
    flow.send("stop", { sessionId: created.sessionId });
    await flow.message("end");
  });

  it("a text that is a number is a size too, since environment variables are text", async () => {
    await open({
      create: { tty: true },
      resize: { columns: "91", columnsType: "str", rows: "31", rowsType: "num" },
    });
    const created = await flow.create({ command: WATCH_SIZE });
    flow.send("start", created);
    await flow.message("stdout");
    flow.send("resize", { sessionId: created.sessionId });
    assert.equal((await flow.message("stdout", 1)).payload, "31 91\r");
    flow.send("stop", { sessionId: created.sessionId });
    await flow.message("end");
  });

  it("a session without a terminal cannot be resized", async () => {
    await open();
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", created);
    await flow.message("stdout");
    flow.send("resize", { sessionId: created.sessionId, payload: { columns: 80, rows: 24 } });
    assert.equal((await flow.error()).code, "EXEC_NOT_A_TTY");
    flow.send("stop", { sessionId: created.sessionId });
    await flow.message("end");
  });
});
