import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { handleInput, type NodeWork } from "../../src/node-red/input-edge.ts";
import { SessionError } from "../../src/session/session-error.ts";
import { type FlowNode, FlowRuntime } from "../support/flow-runtime.ts";
import { waitUntil } from "../support/wait-until.ts";

/** What the node under test does; each test sets its own. */
let work: (node: Node) => NodeWork<NodeMessage>;

function registerWorker(RED: NodeAPI): void {
  RED.nodes.registerType("worker", function (this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    handleInput(RED, this, work(this));
  });
}

const echo: NodeWork<NodeMessage> = {
  act: async (message) => message,
  deliver: (message, send) => {
    send(message);
    return "done";
  },
  showError: () => {
    // Shown below the node only.
  },
};

const flow: readonly FlowNode[] = [
  { id: "tab", type: "tab", label: "flow" },
  { id: "worker", type: "worker", z: "tab", x: 1, y: 1, name: "first", wires: [["out"]] },
  { id: "out", type: "probe", z: "tab", x: 2, y: 1, wires: [] },
  { id: "catch", type: "catch", z: "tab", x: 1, y: 2, scope: null, wires: [["errors"]] },
  { id: "errors", type: "probe", z: "tab", x: 2, y: 2, wires: [] },
  { id: "complete", type: "complete", z: "tab", x: 1, y: 3, scope: ["worker"], wires: [["completed"]] },
  { id: "completed", type: "probe", z: "tab", x: 2, y: 3, wires: [] },
];
const renamed = flow.map((node) => (node.id === "worker" ? { ...node, name: "second" } : node));

describe("input-edge", () => {
  let runtime: FlowRuntime | undefined;

  async function start(nextWork: (node: Node) => NodeWork<NodeMessage>): Promise<FlowRuntime> {
    work = nextWork;
    runtime = await FlowRuntime.start([registerWorker], flow);
    return runtime;
  }

  afterEach(async () => {
    await runtime?.stop();
    runtime = undefined;
  });

  it("a message is done once its result has been sent", async () => {
    const rt = await start(() => echo);
    rt.send("worker", { payload: 1 });
    assert.equal((await rt.message("out")).payload, 1);
    assert.equal((await rt.message("completed")).payload, 1);
  });

  it("a rejection reaches a Catch node with its sentence, code and cause, and no Complete node", async () => {
    const cause = new Error("disk full");
    const error = new SessionError("EXEC_STORE_FAILED", "The record could not be written.", { cause });
    const rt = await start(() => ({ ...echo, act: () => Promise.reject(error) }));
    rt.send("worker", { payload: 1 });
    const caught = (await rt.message("errors")).error as Record<string, unknown>;
    assert.deepEqual(
      { message: caught.message, code: caught.code, cause: caught.cause },
      { message: "The record could not be written.", code: "EXEC_STORE_FAILED", cause },
    );
    assert.deepEqual(rt.received("completed"), []);
  });

  it("whatever is thrown, by whatever step, is an error of the node and nothing else", async () => {
    const thrown: (() => NodeWork<NodeMessage>)[] = [
      () => ({ ...echo, act: () => Promise.reject("a text") }),
      () => ({
        ...echo,
        act: () => {
          throw new Error("at once");
        },
      }),
      () => ({
        ...echo,
        deliver: () => {
          throw new Error("while sending");
        },
      }),
      () => ({ ...echo, deliver: () => Promise.reject(undefined) }),
    ];
    const sentences: unknown[] = [];
    for (const make of thrown) {
      const rt = await start(make);
      rt.send("worker", { payload: 1 });
      sentences.push(((await rt.message("errors")).error as Record<string, unknown>).message);
      await rt.stop();
      runtime = undefined;
    }
    assert.deepEqual(sentences, ["a text", "at once", "while sending", "undefined"]);
  });

  for (const type of ["nodes", "flows", "full"] as const) {
    it(`what a node has begun at a ${type} deploy is delivered by its next life, once`, async () => {
      const gate = Promise.withResolvers<void>();
      let acts = 0;
      const rt = await start(() => ({
        ...echo,
        act: async (message) => {
          acts++;
          await gate.promise;
          return message;
        },
      }));
      rt.send("worker", { payload: "long" });
      await waitUntil("the work has begun", () => acts === 1);
      await rt.deploy(renamed, type);
      gate.resolve();
      assert.equal((await rt.message("out")).payload, "long");
      assert.equal((await rt.message("completed")).payload, "long");
      assert.equal(acts, 1);
      assert.equal(rt.received("out").length, 1);
    });
  }

  it("an error of what a node has begun before a deploy reaches the Catch node after it", async () => {
    const gate = Promise.withResolvers<NodeMessage>();
    let acts = 0;
    const rt = await start(() => ({
      ...echo,
      act: () => {
        acts++;
        return gate.promise;
      },
    }));
    rt.send("worker", { payload: 1 });
    await waitUntil("the work has begun", () => acts === 1);
    await rt.deploy(renamed, "full");
    gate.reject(new Error("too late"));
    assert.equal(((await rt.message("errors")).error as Record<string, unknown>).message, "too late");
    assert.equal(rt.received("errors").length, 1);
  });

  it("the result of a node that has been deleted meanwhile is discarded", async () => {
    const gate = Promise.withResolvers<NodeMessage>();
    const discarded: NodeMessage[] = [];
    let acts = 0;
    const rt = await start(() => ({
      ...echo,
      act: () => {
        acts++;
        return gate.promise;
      },
      discard: (result) => {
        discarded.push(result);
      },
    }));
    rt.send("worker", { payload: 1 });
    await waitUntil("the work has begun", () => acts === 1);
    await rt.deploy(
      flow.filter(({ id }) => id !== "worker"),
      "nodes",
    );
    gate.resolve({ payload: "nobody's" });
    await waitUntil("the result is discarded", () => discarded.length === 1);
    assert.deepEqual(rt.received("out"), []);
  });

  it("what is sent goes on after a deploy that Node-RED broke off, for which a type of node is missing", async () => {
    const rt = await start(() => echo);
    const other = [
      { id: "other", type: "tab", label: "other" },
      { id: "unknown", type: "not installed", z: "other", x: 1, y: 1, wires: [] },
    ];
    // The test helper waits for flows that do not start.
    await assert.rejects(rt.deploy([...flow, ...other], "nodes"), /timeout/);
    rt.send("worker", { payload: 1 });
    assert.equal((await rt.message("out")).payload, 1);
    await rt.deploy(flow, "nodes");
    rt.send("worker", { payload: 2 });
    assert.equal((await rt.message("out", 1)).payload, 2);
  });

  it("a message that an earlier life has left unfinished is acted on again once messages reach every node", async () => {
    const left = { payload: "left" };
    const rt = await start(() => ({ ...echo, unfinished: async () => [left] }));
    assert.equal((await rt.message("out")).payload, "left");
    assert.equal((await rt.message("completed")).payload, "left");
  });

  it("a message that is both begun and unfinished is delivered once", async () => {
    const gate = Promise.withResolvers<void>();
    const left = { payload: "left" };
    let acts = 0;
    const rt = await start(() => ({
      ...echo,
      unfinished: async () => [left],
      act: async (message) => {
        acts++;
        await gate.promise;
        return message;
      },
    }));
    await waitUntil("it is being taken over", () => acts === 1);
    await rt.deploy(renamed, "full");
    gate.resolve();
    await rt.message("completed");
    assert.deepEqual([acts, rt.received("out").length, rt.received("completed").length], [1, 1, 1]);
  });

  it("not knowing what is unfinished is an error of the node and nothing else", async () => {
    const errors: unknown[] = [];
    const rt = await start((node) => {
      // The test helper's own event for a call of the node's error().
      (node as EventEmitter).on("call:error", (call: { args: unknown[] }) =>
        errors.push(String(call.args[0])),
      );
      return { ...echo, unfinished: () => Promise.reject(new Error("torn file")) };
    });
    await waitUntil("the error is told", () => errors.length > 0);
    assert.deepEqual(errors, ["torn file"]);
    rt.send("worker", { payload: "works" });
    assert.equal((await rt.message("out")).payload, "works");
  });
});
