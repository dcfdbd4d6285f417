import type { Node, NodeAPI } from "node-red";
import type { ExecStopDefinition } from "../src/node-red/exec-stop-node.ts";
import { setUpExecStop } from "../src/node-red/exec-stop-node.ts";

/** Registers the node type with Node-RED. */
export default function registerExecStop(RED: NodeAPI): void {
  RED.nodes.registerType("exec-stop", function (this: Node, definition: ExecStopDefinition) {
    RED.nodes.createNode(this, definition);
    setUpExecStop(RED, this, definition);
  });
}
