import assert from "node:assert/strict";
import type { DeployType, FlowNode } from "../support/flow-runtime.ts";
import {
  assertConsecutive,
  type Changes,
  flowNodes as nodesOfFlow,
  sha256,
  writeUntil,
} from "../support/pipe-flow.ts";
import { PipeWriter } from "../support/pipe-writer.ts";
import { NODE_RED_START_MS, NODE_RED_VERSIONS, ProbedNodeRed } from "../support/probed-node-red.ts";
import { waitUntil } from "../support/wait-until.ts";

/** What a deploy changes, and how the editor would say so. */
const deploys: readonly {
  readonly title: string;
  readonly type: DeployType | "reload";
  readonly changes: Changes;
}[] = [
  { title: "of the changed exec-start alone", type: "nodes", changes: { start: { name: "changed" } } },
  {
    title: "of changed nodes, with a changed container configuration",
    type: "nodes",
    changes: { container: { user: "", name: "changed" } },
  },
  {
    title: "of changed nodes, none of them exec-start",
    type: "nodes",
    changes: { stdout: { name: "changed" } },
  },
  { title: "of changed flows", type: "flows", changes: { start: { name: "changed" } } },
  { title: "of everything", type: "full", changes: {} },
  { title: "that restarts all flows", type: "reload", changes: {} },
];

/** Where the sessions are kept. */
const HOSTS = [
  { host: "process", where: "in the session host" },
  { host: "inside", where: "inside Node-RED" },
] as const;

for (const [version, { host, where }] of NODE_RED_VERSIONS.flatMap((each) =>
  HOSTS.map((other) => [each, other] as const),
)) {
  describe(`a deploy while a session runs ${where}, Node-RED ${version}`, function () {
    const flowNodes = (pipePath: string, changes: Changes) =>
      nodesOfFlow(pipePath, { ...changes, container: { host, ...changes.container } });
    this.timeout(NODE_RED_START_MS);
    let nodeRed: ProbedNodeRed;
    let pipe: PipeWriter;

    before(async () => {
      nodeRed = await ProbedNodeRed.start(version);
    });

    after(() => nodeRed.stop());

    beforeEach(async () => {
      pipe = await PipeWriter.create();
    });

    afterEach(() => pipe.end());

    /** Deploys the flow, and starts a session whose command prints what is written to the pipe. */
    async function startSession(changes: Changes = {}): Promise<void> {
      await nodeRed.deploy(flowNodes(pipe.path, changes));
      nodeRed.forget();
      await nodeRed.inject("inject");
    }

    const payloads = () => nodeRed.received("stdout").map(({ payload }) => payload);

    for (const { title, type, changes } of deploys) {
      it(`${title} loses and repeats nothing, and the end is told once`, async () => {
        await startSession();
        const stop = new AbortController();
        const writing = writeUntil(pipe, stop.signal);
        await waitUntil("output flows", () => nodeRed.received("stdout").length > 3);
        await nodeRed.deploy(flowNodes(pipe.path, changes), type);
        const received = nodeRed.received("stdout").length;
        await waitUntil("output flows again", () => nodeRed.received("stdout").length > received + 3);
        await nodeRed.deploy(flowNodes(pipe.path, {}), "full");
        stop.abort();
        const written = await writing;
        assert.equal((await nodeRed.message("end")).exitCode, 0);
        const told = Buffer.concat(payloads().map((payload) => payload as Buffer));
        assert.equal(told.length, written.length);
        assert.equal(sha256(told), sha256(written));
        assertConsecutive(nodeRed.received("stdout"));
        assert.equal((await nodeRed.message("completed")).topic, "nightly");
        assert.equal(nodeRed.received("end").length, 1);
        assert.equal(nodeRed.received("completed").length, 1);
        assert.deepEqual(nodeRed.received("errors"), []);
      });
    }

    it("five deploys in a row lose and repeat nothing", async () => {
      await startSession();
      const stop = new AbortController();
      const writing = writeUntil(pipe, stop.signal);
      for (let count = 1; count <= 5; count++) await nodeRed.deploy(flowNodes(pipe.path, {}), "full");
      stop.abort();
      const written = await writing;
      await nodeRed.message("end");
      await nodeRed.message("completed");
      assert.equal(sha256(Buffer.concat(payloads().map((payload) => payload as Buffer))), sha256(written));
      assertConsecutive(nodeRed.received("stdout"));
      assert.deepEqual([nodeRed.received("end").length, nodeRed.received("completed").length], [1, 1]);
    });

    it("output that was dropped while the flows were stopped is counted, not passed over", async () => {
      const small = { create: { outputMax: "64", outputReplay: "0" } };
      await startSession(small);
      await pipe.write("before");
      await nodeRed.message("stdout");
      await nodeRed.setFlowState("stop");
      const written = await writeUntil(pipe, AbortSignal.abort());
      await nodeRed.setFlowState("start");
      const { rc } = await nodeRed.message("end");
      const messages = nodeRed.received("stdout");
      const told = Buffer.concat(payloads().map((payload) => payload as Buffer));
      const missing = messages.reduce((sum, message) => sum + Number(message.missing ?? 0), 0);
      assert.ok(missing > 0);
      assert.equal(told.length + missing, "before".length + written.length);
      assert.deepEqual(told.subarray("before".length), written.subarray(missing));
      assert.equal((rc as { truncated: number }).truncated, missing);
      assert.ok(
        nodeRed.complaints().some((text) => text.startsWith(`${missing} bytes of output were dropped`)),
      );
    });

    it("the end message after a deploy has all properties of the message that started the session", async () => {
      await startSession();
      await pipe.write("before");
      await nodeRed.message("stdout");
      await nodeRed.deploy(flowNodes(pipe.path, {}), "full");
      await pipe.end();
      const { topic, job } = await nodeRed.message("end");
      assert.deepEqual({ topic, job }, { topic: "nightly", job: { tables: ["a", "b"] } });
    });

    it("a character that a deploy finds half read is told whole after it", async () => {
      await startSession({ start: { format: "text" } });
      const euro = Buffer.from("€");
      await pipe.write(Buffer.concat([Buffer.from("a"), euro.subarray(0, 2)]));
      await nodeRed.message("stdout");
      await nodeRed.deploy(flowNodes(pipe.path, { start: { format: "text" } }), "full");
      await pipe.write(Buffer.concat([euro.subarray(2), Buffer.from("b")]));
      await pipe.end();
      await nodeRed.message("end");
      assert.deepEqual(payloads(), ["a", "€b", ""]);
    });

    it("a line that a deploy finds half read is told whole after it", async () => {
      const lines = { start: { format: "text", unit: "line" } };
      await startSession(lines);
      await pipe.write("one\ntw");
      await nodeRed.message("stdout");
      await nodeRed.deploy(flowNodes(pipe.path, lines), "full");
      await pipe.write("o\nthree");
      await pipe.end();
      await nodeRed.message("end");
      assert.deepEqual(payloads(), ["one", "two", "three"]);
    });

    it("a session that ends while all flows are stopped is told of when they start again", async () => {
      await startSession();
      await pipe.write("before, ");
      await nodeRed.message("stdout");
      await nodeRed.setFlowState("stop");
      await pipe.write("meanwhile");
      await pipe.end();
      await nodeRed.setFlowState("start");
      await nodeRed.message("end");
      assert.equal(
        Buffer.concat(payloads().map((payload) => payload as Buffer)).toString(),
        "before, meanwhile",
      );
      assert.equal(nodeRed.received("end").length, 1);
    });

    it("the session of a deleted exec-start goes on, and its output holds up nothing", async () => {
      const small = { create: { outputMax: "64" } };
      await startSession(small);
      await pipe.write("before");
      await nodeRed.message("stdout");
      const session = (await nodeRed.message("stdout")).sessionId;
      const others = flowNodes(pipe.path, small).filter(({ id }) => id !== "start");
      await nodeRed.deploy(others, "nodes");
      await writeUntil(pipe, AbortSignal.abort());
      await nodeRed.deploy([...others, ...findSession(session)], "nodes");
      await waitUntil("the session has ended", async () => {
        await nodeRed.inject("find");
        return nodeRed.received("found").some(({ exitCode }) => exitCode === 0);
      });
      assert.deepEqual(nodeRed.received("end"), []);
    });
  });
}

/** A stop of a session that has ended tells how it ended. */
function findSession(sessionId: unknown): readonly FlowNode[] {
  return [
    { id: "find", type: "inject", z: "tab", x: 1, y: 1, props: [], wires: [["stop"]] },
    {
      id: "stop",
      type: "exec-stop",
      z: "tab",
      x: 1,
      y: 1,
      container: "container",
      sessionId,
      sessionIdType: "str",
      timeout: "60",
      signal: "SIGCONT",
      wires: [["found"]],
    },
  ];
}
