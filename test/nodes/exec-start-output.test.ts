import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";
import type { NodeSet } from "../support/flow-runtime.ts";

const require = createRequire(import.meta.url);
const registerJoin = require("@node-red/nodes/core/sequence/17-split.js") as NodeSet;

describe("exec-start: output", () => {
  let flow: ExecFlow;

  const open = async (options?: ExecFlowOptions) => {
    flow = await ExecFlow.open(options);
  };

  afterEach(() => flow.close());

  for (const format of ["buffer", "text"] as const) {
    for (const unit of ["chunk", "line", "whole"] as const) {
      it(`Join puts the exact output together again: ${format}, ${unit}`, async () => {
        await open({
          start: { unit, format },
          register: [registerJoin],
          nodes: [
            { id: "stdout", type: "join", z: "tab", x: 1, y: 1, mode: "auto", wires: [["joined"]] },
            { id: "joined", type: "probe", z: "tab", x: 1, y: 1, wires: [] },
          ],
        });
        const text = "é\n\n€ and 𝄞\r\nlast line";
        const command = ["printf", "%s", text];
        const { sessionId } = await flow.run(command);
        const { payload, rc, parts } = await flow.message("joined");
        assert.deepEqual(payload, format === "text" ? text : Buffer.from(text));
        assert.equal((rc as { code: number }).code, 0);
        assert.equal(parts, undefined);
        assert.ok(sessionId);
      });
    }
  }

  it("messages of a session keep the sequence that the starting message belongs to", async () => {
    await open();
    const outer = { id: "outer", type: "array", index: 1, count: 3 };
    const { parts } = await flow.run(["echo", "x"], { parts: outer });
    assert.deepEqual(parts, outer);
    assert.deepEqual(((await flow.message("stdout")).parts as { parts: object }).parts, outer);
  });

  it("properties that tell of an earlier session in the same flow are not passed on", async () => {
    await open();
    const earlier = { stream: "stderr", offset: 7, partial: true, missing: 9, rc: { code: 1 }, exitCode: 1 };
    const created = await flow.create({ command: ["echo", "x"] }, earlier);
    flow.send("start", created);
    const [first] = [await flow.message("stdout")];
    const { stream, offset, partial, missing, rc, exitCode } = first;
    assert.deepEqual(
      { stream, offset, partial, missing, rc, exitCode },
      {
        stream: "stdout",
        offset: 0,
        partial: undefined,
        missing: undefined,
        rc: undefined,
        exitCode: undefined,
      },
    );
    const end = await flow.message("end");
    assert.deepEqual({ stream: end.stream, partial: end.partial }, { stream: undefined, partial: undefined });
  });

  it("what a flow does to a message changes no other message of the session", async () => {
    await open({ start: { unit: "line" }, create: { stdin: true } });
    const created = await flow.create({ command: ["sh", "-c", "echo a; cat"] }, { shared: { list: [] } });
    flow.send("start", created);
    const { shared } = await flow.message("stdout");
    (shared as { list: string[] }).list.push("changed");
    await (await flow.service()).endInput(String(created.sessionId));
    assert.deepEqual((await flow.message("end")).shared, { list: [] });
    assert.deepEqual((await flow.message("stdout", 1)).shared, { list: [] });
  });

  it("all at the end is one message for each stream, and none for a silent standard error", async () => {
    await open({ start: { unit: "whole" } });
    await flow.run(["sh", "-c", "echo 1; echo 2"]);
    assert.deepEqual(texts("stdout"), ["1\n2\n"]);
    assert.deepEqual(texts("stderr"), []);
  });

  it("a command without output has one empty message on standard output", async () => {
    await open({ start: { unit: "whole" } });
    await flow.run(["true"]);
    assert.deepEqual(texts("stdout"), [""]);
  });

  it("a line longer than the limit comes in several messages, all but the last marked as partial", async () => {
    await open({ start: { unit: "line", maxSize: "1" } });
    await flow.run(["sh", "-c", "head -c 2500 /dev/zero | tr '\\0' x; echo; echo short"]);
    const told = flow.received("stdout").map(({ payload, partial }) => [String(payload).length, partial]);
    assert.deepEqual(told, [
      [1024, true],
      [1024, true],
      [452, undefined],
      [5, undefined],
      [0, undefined],
    ]);
  });

  function texts(id: string): readonly unknown[] {
    return flow.received(id).map(({ payload }) => payload);
  }
});
