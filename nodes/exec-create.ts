import type { Node, NodeAPI } from "node-red";
import type { ExecCreateDefinition } from "../src/node-red/exec-create-definition.ts";
import { setUpExecCreate } from "../src/node-red/exec-create-node.ts";

/** Registers the node type with Node-RED. */
export default function registerExecCreate(RED: NodeAPI): void {
  RED.nodes.registerType("exec-create", function (this: Node, definition: ExecCreateDefinition) {
    RED.nodes.createNode(this, definition);
    setUpExecCreate(RED, this, definition);
  });
}
