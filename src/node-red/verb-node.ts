import type { Node, NodeAPI, NodeMessage, NodeStatus } from "node-red";
import { handleInput } from "./input-edge.ts";
import { errorStatus, StatusLine } from "./node-status.ts";
import type { Evaluation } from "./typed-value.ts";

/** What came of a verb. */
export interface VerbResult {
  /** Properties that the message goes on with. */
  readonly changes: Partial<NodeMessage>;
  readonly status: NodeStatus;
  /** What went wrong though the message goes on. Absent: nothing. */
  readonly error?: Error;
}

/** A node that does one thing with each message, and passes the message on. */
export function handleVerb(
  RED: NodeAPI,
  node: Node,
  act: (evaluation: Evaluation, show: (status: NodeStatus) => void) => Promise<VerbResult>,
): void {
  const line = new StatusLine(node);
  const show = (status: NodeStatus) => line.show(status);
  handleInput<VerbResult>(RED, node, {
    act: (message) => act({ RED, node, message }, show),
    deliver: ({ changes, status, error }, send, message) => {
      Object.assign(message, changes);
      send(message);
      if (error !== undefined) throw error;
      show(status);
      return "done";
    },
    showError: (error) => show(errorStatus(error)),
  });
  node.on("close", () => line.close());
}
