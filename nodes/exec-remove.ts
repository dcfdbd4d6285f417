import type { Node, NodeAPI } from "node-red";
import type { ExecRemoveDefinition } from "../src/node-red/exec-remove-node.ts";
import { setUpExecRemove } from "../src/node-red/exec-remove-node.ts";

/** Registers the node type with Node-RED. */
export default function registerExecRemove(RED: NodeAPI): void {
  RED.nodes.registerType("exec-remove", function (this: Node, definition: ExecRemoveDefinition) {
    RED.nodes.createNode(this, definition);
    setUpExecRemove(RED, this, definition);
  });
}
