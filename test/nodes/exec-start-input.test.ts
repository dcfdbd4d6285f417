import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { EventEmitter } from "node:events";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";

/** Enough to need many chunks, and several turns of a pipe. */
const LARGE_BYTES = 10 * 1024 * 1024;

describe("exec-start: standard input", () => {
  let flow: ExecFlow;

  const open = async (options?: ExecFlowOptions) => {
    flow = await ExecFlow.open(options);
  };

  afterEach(() => flow.close());

  it("10 MB of random bytes pass in and out unchanged", async () => {
    await open({ create: { stdin: true }, start: { format: "buffer", input: "payload", inputType: "msg" } });
    const bytes = randomBytes(LARGE_BYTES);
    await flow.run(["cat"], { payload: bytes });
    const told = Buffer.concat(flow.received("stdout").map(({ payload }) => payload as Buffer));
    assert.equal(sha256(told), sha256(bytes));
    assert.deepEqual(flow.received("errors"), []);
  });

  it("standard input gets a text and then ends, or stays open", async () => {
    await open({
      create: { stdin: true },
      start: { unit: "line", input: "name\n", inputType: "str", endInput: true },
    });
    await flow.run(["sh", "-c", "cat; echo end"]);
    assert.deepEqual(texts("stdout"), ["name", "end", ""]);
    await flow.close();
    await open({
      create: { stdin: true },
      start: { unit: "line", input: "name\n", inputType: "str", endInput: false },
    });
    const created = await flow.create({ command: ["sh", "-c", "cat; echo end"] });
    flow.send("start", created);
    assert.equal((await flow.message("stdout")).payload, "name");
    const service = await flow.service();
    await service.write(String(created.sessionId), Buffer.from("more\n"));
    await service.endInput(String(created.sessionId));
    assert.equal((await flow.message("stdout", 1)).payload, "more");
    await flow.message("end");
  });

  for (const [title, command] of [
    ["ends before it has read its input", ["true"]],
    ["closes its input unread", ["sh", "-c", "exec 0<&-; echo closed; sleep 0.2"]],
  ] as const) {
    it(`a command that ${title} is no error, and nothing to warn of`, async () => {
      await open({ create: { stdin: true }, start: { input: "payload", inputType: "msg" } });
      const warnings: unknown[] = [];
      // The test helper's own event for a call of the node's warn().
      (flow.runtime.node("start") as EventEmitter).on("call:warn", (call) => warnings.push(call));
      const end = await flow.run(command, { payload: randomBytes(1024 * 1024) });
      assert.equal(end.exitCode, 0);
      assert.deepEqual([flow.received("errors"), warnings], [[], []]);
    });
  }

  it("input for a session without standard input is refused, and the session is not started", async () => {
    await open({ start: { input: "x", inputType: "str" } });
    const { sessionId } = await flow.create({ command: ["cat"] });
    flow.send("start", { sessionId });
    assert.equal((await flow.error()).code, "EXEC_STDIN_NOT_ATTACHED");
    assert.equal((await (await flow.service()).inspect(String(sessionId))).state, "created");
  });

  function texts(id: string): readonly unknown[] {
    return flow.received(id).map(({ payload }) => payload);
  }
});

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
