import assert from "node:assert/strict";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { evaluateSessionId } from "../../src/node-red/session-id-field.ts";
import { FlowRuntime } from "../support/flow-runtime.ts";

let context: { readonly RED: NodeAPI; readonly node: Node };

function registerReader(RED: NodeAPI): void {
  RED.nodes.registerType("reader", function (this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    context = { RED, node: this };
  });
}

describe("session-id-field", () => {
  let runtime: FlowRuntime;

  before(async () => {
    runtime = await FlowRuntime.start(
      [registerReader],
      [
        { id: "tab", type: "tab", label: "flow" },
        { id: "reader", type: "reader", z: "tab", x: 1, y: 1, wires: [] },
      ],
    );
  });

  after(() => runtime.stop());

  const read = (value: string, type: string, message = {}) =>
    evaluateSessionId({ ...context, message }, { value, type });

  it("takes an id from wherever it is, or the beginning of one", async () => {
    context.node.context().flow.set("job", "0a1b");
    assert.equal(await read("job", "flow"), "0a1b");
    assert.equal(await read("sessionId", "msg", { sessionId: "c" }), "c");
  });

  const empty: readonly (readonly [string, string, string])[] = [
    ["sessionId", "msg", '"msg.sessionId"'],
    ["sessionId", "flow", '"flow.sessionId"'],
    ["job.id", "global", '"global.job.id"'],
    ["#:(memory)::other", "flow", '"flow.other"'],
    ["NO_SUCH_VARIABLE", "env", "The environment variable NO_SUCH_VARIABLE"],
    ["nothing", "jsonata", "The value of the expression"],
    [" ", "str", 'The field "Session"'],
  ];
  for (const [value, type, place] of empty) {
    it(`says where there is no id: ${type} "${value}"`, async () => {
      await assert.rejects(read(value, type), {
        code: "EXEC_INVALID_SESSION_ID",
        message: `${place} is empty; it must be a session id.`,
      });
    });
  }

  it("an empty text and null are no id either", async () => {
    for (const sessionId of ["", null]) {
      await assert.rejects(read("sessionId", "msg", { sessionId }), {
        message: '"msg.sessionId" is empty; it must be a session id.',
      });
    }
  });
});
