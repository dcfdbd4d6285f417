import type { NodeAPI, NodeStatus } from "node-red";
import type { FlowError } from "./flow-error.ts";
import { errorStatus, type StatusLine } from "./node-status.ts";
import type { ReturnCode } from "./return-code.ts";

/** The status of a node that follows any number of sessions at once: how many run, and how the last one ended. */
export class RunStatus {
  readonly #RED: NodeAPI;
  readonly #line: StatusLine;
  #running = 0;
  #last: (NodeStatus & { readonly text: string }) | undefined;

  constructor(RED: NodeAPI, line: StatusLine) {
    this.#RED = RED;
    this.#line = line;
  }

  started(): void {
    this.#running++;
    this.show();
  }

  /** Followed by `left()`. `isError`: the node counts this end as an error. */
  ended(rc: ReturnCode, isError: boolean): void {
    this.#last = { fill: endColour(rc, isError), shape: "dot", text: this.#endText(rc) };
  }

  /** A session is no longer followed, whether it has ended or not. */
  left(): void {
    this.#running--;
    this.show();
  }

  /** The sessions' service has gone; it is asked again and again. */
  waiting(): void {
    this.#line.show({ fill: "yellow", shape: "ring", text: this.#RED._("exec-start.status.waiting") });
  }

  failed(error: FlowError): void {
    this.#last = errorStatus(error);
    this.show();
  }

  show(): void {
    if (this.#running === 0) {
      this.#line.show(this.#last ?? {});
      return;
    }
    this.#line.show({ fill: "blue", shape: "dot", text: this.#runningText(this.#running, this.#last?.text) });
  }

  #runningText(count: number, last: string | undefined): string {
    return last === undefined
      ? this.#RED._("exec-start.status.running", { count })
      : this.#RED._("exec-start.status.runningLast", { count, last });
  }

  #endText({ code, reason }: ReturnCode): string {
    return code !== null && reason === "exited"
      ? this.#RED._("exec-start.status.rc", { code })
      : this.#RED._(`exec-start.status.${reason}`);
  }
}

function endColour({ code }: ReturnCode, isError: boolean): NonNullable<NodeStatus["fill"]> {
  if (isError || code === null) return "red";
  return code === 0 ? "green" : "yellow";
}
