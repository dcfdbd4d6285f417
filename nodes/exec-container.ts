import type { Node, NodeAPI } from "node-red";
import { type ExecContainerDefinition, SECRETS } from "../src/node-red/exec-container-definition.ts";
import { setUpExecContainer } from "../src/node-red/exec-container-node.ts";
import { serveSessionHostView } from "../src/node-red/session-host-endpoint.ts";

/** Registers the node type with Node-RED. */
export default function registerExecContainer(RED: NodeAPI): void {
  serveSessionHostView(RED);
  RED.nodes.registerType(
    "exec-container",
    function (this: Node, definition: ExecContainerDefinition) {
      RED.nodes.createNode(this, definition);
      setUpExecContainer(RED, this, definition);
    },
    { credentials: SECRETS },
  );
}
