import type { Node, NodeAPI } from "node-red";

/** What Node-RED calls for each message: undocumented, but nothing else tells that a node has been closed, which has neither. */
interface Receiver {
  readonly _inputCallback: unknown;
  readonly _inputCallbacks: unknown;
}

/**
 * To be called before a node sends messages; what it gives tells, once they have been handed over, whether the nodes that
 * they went to took them. Those that a deploy or the end of Node-RED has closed meanwhile did not.
 */
export function watchReceivers(RED: NodeAPI, sender: Node): () => boolean {
  const open = receiversOf(RED, sender).filter(isOpen);
  return () => open.every(isOpen);
}

/** Whether all nodes that a node's messages go to take messages. */
export function areReceiversOpen(RED: NodeAPI, sender: Node): boolean {
  return receiversOf(RED, sender).every(isOpen);
}

function receiversOf(RED: NodeAPI, sender: Node): readonly (Node | null)[] {
  const { wires } = sender as Node & { readonly wires: readonly (readonly string[])[] };
  return wires.flat().map((id) => RED.nodes.getNode(id));
}

function isOpen(node: Node | null | undefined): boolean {
  const { _inputCallback: one, _inputCallbacks: several } = Object(node) as Receiver;
  return Boolean(one ?? several);
}
