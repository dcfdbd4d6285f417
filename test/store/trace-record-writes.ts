import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a record that must survive a power cut asks of the system. */
export const DURABLE_WRITE: readonly string[] = [
  "write",
  // The record's bytes and, at the same time, the name of its bundle.
  "fdatasync begins",
  "fsync begins",
  "fdatasync and fsync end",
  "rename",
  // The record's name.
  "fsync begins",
  "fsync ends",
];

/** What any other record asks of it: nothing that waits for the disk. */
export const PLAIN_WRITE: readonly string[] = ["write", "rename"];

/** Runs a module's text in a process of its own; what its writes ask of the system, in order, by Node's own trace. */
export function traceRecordWrites(script: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "trace-"));
  const trace = join(folder, "trace.json");
  const categories = "node.fs.sync,node.fs.async";
  const flags = ["--trace-event-categories", categories, "--trace-event-file-pattern", trace];
  execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", script]);
  const { traceEvents } = JSON.parse(readFileSync(trace, "utf8")) as { traceEvents: readonly TraceEvent[] };
  rmSync(folder, { recursive: true });
  return joinEnds(traceEvents.flatMap(stepOf));
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
}

/** Calls on the event loop by their name; those of the thread pool by their beginning and end. */
function stepOf({ name, ph }: TraceEvent): readonly string[] {
  if (ph === "B" && /^fs\.sync\.(write|rename|fsync|fdatasync)$/.test(name))
    return [name.slice("fs.sync.".length)];
  if (!/^f(data)?sync$/.test(name)) return [];
  return ph === "b" ? [`${name} begins`] : ph === "e" ? [`${name} ends`] : [];
}

/** Of two that run at the same time, either may end first. */
function joinEnds(steps: readonly string[]): readonly string[] {
  const pairs = /(fdatasync ends,fsync ends|fsync ends,fdatasync ends)/;
  return steps.join(",").replace(pairs, "fdatasync and fsync end").split(",");
}
