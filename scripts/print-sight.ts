import type { FlowSight } from "./flow-watch.ts";

/** As wide as the widest label. */
const LABEL_WIDTH = "exec-resize: status".length;

/** Prints what the flow shows, as it comes. */
export function printSight({ kind, node, value }: FlowSight): void {
  if (value === "") return;
  const time = new Date().toISOString().slice("2026-01-01T".length, -1);
  const what = kind === "status" ? `${node.type}: status` : String(node.name);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  console.log(`   ${time}  ${what.padEnd(LABEL_WIDTH)}  ${text}`);
}
