import type { Node, NodeAPI } from "node-red";
import type { ExecResizeDefinition } from "../src/node-red/exec-resize-node.ts";
import { setUpExecResize } from "../src/node-red/exec-resize-node.ts";

/** Registers the node type with Node-RED. */
export default function registerExecResize(RED: NodeAPI): void {
  RED.nodes.registerType("exec-resize", function (this: Node, definition: ExecResizeDefinition) {
    RED.nodes.createNode(this, definition);
    setUpExecResize(RED, this, definition);
  });
}
