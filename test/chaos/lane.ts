import type { FlowNode } from "../support/flow-runtime.ts";

/** One way through the flow: inject -> exec-create -> exec-start, with a recorder behind each output. */
export interface Lane {
  readonly name: string;
  readonly runtime: "crun" | "runc" | "local";
  readonly unit: "chunk" | "line";
}

export const LANES: readonly [Lane, ...Lane[]] = [
  { name: "crun", runtime: "crun", unit: "chunk" },
  { name: "crun-lines", runtime: "crun", unit: "line" },
  { name: "runc", runtime: "runc", unit: "chunk" },
  { name: "runc-lines", runtime: "runc", unit: "line" },
  { name: "local", runtime: "local", unit: "chunk" },
];

/** A container of the flow. */
export interface LaneContainer {
  readonly runtimePath: string;
  readonly runtimeRoot: string;
  readonly container: string;
}

/** How nodes are named, so that a deploy finds them changed. */
export interface NodeNames {
  readonly starts: string;
  readonly recorders: string;
}

/** The nodes of all lanes. `orphans` is the policy for commands that outlive a killed session host. */
export function flowOf(
  containers: Readonly<Record<"crun" | "runc", LaneContainer>>,
  orphans: "keep" | "stop",
  names: NodeNames,
): readonly FlowNode[] {
  return [
    { id: "tab", type: "tab", label: "chaos" },
    ...(["crun", "runc"] as const).map((runtime) => ({
      ...{ id: containerId(runtime), type: "exec-container", runtime, orphans },
      ...containers[runtime],
    })),
    { id: containerId("local"), type: "exec-container", runtime: "local", orphans },
    ...LANES.flatMap((lane) => nodesOf(lane, names.starts)),
    node("catch", "catch", { scope: null, wires: [["error"]] }),
    ...["chunk", "end", "error"].map((what) => node(what, "recorder", { what, name: names.recorders })),
  ];
}

/** The id of the inject node that begins a lane. */
export function injectId({ name }: Lane): string {
  return `${name}-inject`;
}

function nodesOf(lane: Lane, startName: string): readonly FlowNode[] {
  const { name, runtime, unit } = lane;
  const container = containerId(runtime);
  return [
    node(injectId(lane), "inject", { props: [], wires: [[`${name}-create`]] }),
    node(`${name}-create`, "exec-create", { container, wires: [[`${name}-start`]] }),
    node(`${name}-start`, "exec-start", {
      ...{ container, unit, format: "buffer", name: startName },
      wires: [["chunk"], ["chunk"], ["end"]],
    }),
  ];
}

/** Not the runtime's name alone: Node-RED takes a value that is a node's id for a reference to it. */
function containerId(runtime: Lane["runtime"]): string {
  return `${runtime}-container`;
}

function node(id: string, type: string, fields: Readonly<Record<string, unknown>>): FlowNode {
  return { id, type, z: "tab", x: 1, y: 1, wires: [], ...fields };
}
