import { EventEmitter, once } from "node:events";
import type { CommsMessage } from "./node-red-comms.ts";
import type { FlowNode } from "./node-red-process.ts";

/** One thing that a flow showed in the editor: a debug message, or a node's status. */
export interface FlowSight {
  readonly kind: "debug" | "status";
  readonly node: FlowNode;
  /** A debug message's value, parsed; a status's text. */
  readonly value: unknown;
}

/** Collects what a flow shows, and waits for it. */
export class FlowWatch {
  readonly sights: FlowSight[] = [];
  readonly #nodes: ReadonlyMap<string, FlowNode>;
  readonly #onSight: (sight: FlowSight) => void;
  readonly #changes = new EventEmitter();

  constructor(flow: readonly FlowNode[], onSight: (sight: FlowSight) => void = () => {}) {
    this.#nodes = new Map(flow.map((node) => [node.id, node]));
    this.#onSight = onSight;
  }

  /** Takes a message of the editor's channel; what does not come from this flow is passed over. */
  take({ topic, data }: CommsMessage): void {
    if (!isRecord(data)) return;
    const kind = topic === "debug" ? "debug" : topic.startsWith("status/") ? "status" : undefined;
    const node = this.#nodes.get(kind === "debug" ? String(data.id) : topic.slice("status/".length));
    if (kind === undefined || node === undefined) return;
    const value = kind === "debug" ? parseDebug(data) : (data.text ?? "");
    const sight = { kind, node, value } as const;
    this.sights.push(sight);
    this.#onSight(sight);
    this.#changes.emit("sight");
  }

  /** The values that a debug node has shown, in order. */
  shown(name: string): readonly unknown[] {
    return this.#valuesOf("debug", ({ node }) => node.name === name);
  }

  /** The status texts of the nodes of a type, in order. */
  statuses(type: string): readonly unknown[] {
    return this.#valuesOf("status", ({ node }) => node.type === type);
  }

  /** Resolves once the condition holds; throws with all that was seen if that takes too long, or the signal aborts. */
  async until(
    fact: string,
    condition: () => boolean,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    const signals = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
    const end = AbortSignal.any(signals);
    while (!condition()) {
      try {
        await once(this.#changes, "sight", { signal: end });
      } catch (cause) {
        const seen = this.sights.map(
          ({ node, value }) => `  ${node.name || node.type}: ${JSON.stringify(value)}`,
        );
        throw new Error(`It was not seen that ${fact}, but:\n${seen.join("\n")}`, { cause });
      }
    }
  }

  #valuesOf(kind: FlowSight["kind"], matches: (sight: FlowSight) => boolean): readonly unknown[] {
    return this.sights.filter((sight) => sight.kind === kind && matches(sight)).map(({ value }) => value);
  }
}

/** Objects come as JSON, numbers and truths as text beside their type. */
function parseDebug({ format, msg }: Record<string, unknown>): unknown {
  const isJson = typeof format === "string" && /^(Object|array|number|boolean|null|error)/i.test(format);
  if (!isJson || typeof msg !== "string") return msg;
  try {
    return JSON.parse(msg);
  } catch {
    return msg;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
