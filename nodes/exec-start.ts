import type { Node, NodeAPI } from "node-red";
import type { ExecStartDefinition } from "../src/node-red/exec-start-definition.ts";
import { setUpExecStart } from "../src/node-red/exec-start-node.ts";

/** Registers the node type with Node-RED. */
export default function registerExecStart(RED: NodeAPI): void {
  RED.nodes.registerType("exec-start", function (this: Node, definition: ExecStartDefinition) {
    RED.nodes.createNode(this, definition);
    setUpExecStart(RED, this, definition);
  });
}
