import assert from "node:assert/strict";
import type { NodeAPI } from "node-red";
import { isDeleted, settleDeletedNodes } from "../../src/node-red/deleted-nodes.ts";
import { createStreamCursor } from "../../src/node-red/output-pieces.ts";
import { MemoryResumeRegistry } from "../../src/node-red/resume-registry.ts";

/** A Node-RED whose flows have these nodes, disabled ones among them. */
const withNodes = (...ids: readonly string[]) =>
  ({
    nodes: {
      eachNode: (visit: (node: { id: string }) => void) => {
        for (const id of ids) visit({ id });
      },
    },
  }) as unknown as NodeAPI;

describe("deleted-nodes", () => {
  it("a node is deleted if no flow has it, and one in a subflow if its instance or its definition is gone", () => {
    const RED = withNodes("a", "instance", "inner", "start");
    assert.deepEqual(
      ["a", "instance-start", "instance-inner-start", "gone", "gone-start", "instance-gone"].map((id) =>
        isDeleted(RED, id),
      ),
      [false, false, false, true, true, true],
    );
  });

  it("flows that could not be read delete nothing", () => {
    const registry = new MemoryResumeRegistry();
    registry.add({
      nodeId: "node",
      sessionId: "0123456789abcdef".repeat(4),
      service: { stateDir: "/nowhere", host: "process", orphans: "keep" },
      onDelete: "remove",
      message: {},
      position: 0,
      streams: { stdout: createStreamCursor(), stderr: createStreamCursor() },
    });
    settleDeletedNodes(withNodes(), registry);
    assert.deepEqual(registry.nodeIds(), ["node"]);
  });
});
