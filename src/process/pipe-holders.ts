import { readdirSync, readlinkSync } from "node:fs";
import { type HostProcess, identifyProcess } from "./host-process.ts";
import { readAllProcesses } from "./process-tree.ts";

/**
 * The processes that have one of these pipes open and began at this time, in clock ticks from boot, or later: what a program
 * with the pipes has left behind, whoever counts as its parent by now. This process is none of them.
 */
export async function findPipeHolders(
  pipeNames: readonly string[],
  sinceStartTime: number,
): Promise<readonly HostProcess[]> {
  if (pipeNames.length === 0) return [];
  const names = new Set(pipeNames);
  return (await readAllProcesses())
    .filter(({ pid, startTime }) => startTime >= sinceStartTime && pid !== process.pid)
    .filter(({ pid }) => hasOpen(pid, names))
    .map(({ pid }) => identifyProcess(pid));
}

function hasOpen(pid: number, names: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => names.has(readlinkSync(`${folder}/${fd}`)));
  } catch {
    // It has just ended or closed one, or is not ours to look into.
    return false;
  }
}
