import type { Node, NodeStatus } from "node-red";
import type { FlowError } from "./flow-error.ts";

/** Every status goes to every open editor, so a node sets four a second at the most. */
const MIN_INTERVAL_MS = 250;

/** A node's status. The newest one always gets through, if need be a moment later. */
export class StatusLine {
  readonly #node: Node;
  #waiting: NodeStatus | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(node: Node) {
    this.#node = node;
  }

  show(status: NodeStatus): void {
    if (this.#isClosed) return;
    if (this.#pause !== undefined) {
      this.#waiting = status;
      return;
    }
    this.#node.status(status);
    this.#pause = setTimeout(() => this.#resume(), MIN_INTERVAL_MS).unref();
  }

  /** Shows no more, not even what waits. */
  close(): void {
    clearTimeout(this.#pause);
    this.#isClosed = true;
  }

  #resume(): void {
    const status = this.#waiting;
    this.#pause = undefined;
    this.#waiting = undefined;
    if (status !== undefined) this.show(status);
  }
}

/** How an error looks below a node, where there is no room for its sentence: by its code, in plain words. */
export function errorStatus({ code }: FlowError): NodeStatus & { readonly text: string } {
  const text =
    code
      ?.replace(/^EXEC_/, "")
      .replaceAll("_", " ")
      .toLowerCase() ?? "error";
  return { fill: "red", shape: "ring", text };
}
