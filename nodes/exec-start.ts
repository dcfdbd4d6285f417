import type { Node, NodeAPI } from "node-red";
import type { ExecStartDefinition } from "../src/node-red/exec-start-definition.ts";
import { setUpExecStart } from "../src/node-red/exec-start-node.ts";
import { settleDeletedNodesAtStart } from "../src/node-red/open-resume-registry.ts";

/** Registers the node type with Node-RED. */
export default function registerExecStart(RED: NodeAPI): void {
  settleDeletedNodesAtStart(RED);
  RED.nodes.registerType("exec-start", function (this: Node, definition: ExecStartDefinition) {
    RED.nodes.createNode(this, definition);
    setUpExecStart(RED, this, definition);
  });
}
