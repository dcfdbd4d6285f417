import { readdirSync } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";
import { type HostProcess, readPidNamespace, signalProcess } from "./host-process.ts";
import { isRunning, type ProcessStat, readProcessStat } from "./process-stat.ts";

/** What a stopped command and its children get to be gone; a killed process in a frozen container stays for longer. */
const KILL_WAIT_MS = 2000;
const POLL_MS = 5;
/** A look at one process takes about 20 µs, so other work waits for 5 ms at the most, however many there are. */
const LOOKS_PER_TURN = 250;

/**
 * Sends SIGKILL to all that is left of a command: everything in its session, and all descendants of these. Looks again
 * until nothing is left, because what is being killed may still fork. Resolves after a bounded time in any case.
 */
export async function killTree(command: HostProcess): Promise<void> {
  const deadline = performance.now() + KILL_WAIT_MS;
  const roots = [command];
  for (;;) {
    const members = findMembers(roots, await readAllProcesses());
    if (members.length === 0 || performance.now() > deadline) return;
    for (const { pid, startTime, sessionId } of members) {
      const member = { ...command, pid, startTime, sessionId };
      // What it has forked since the look is nobody's child once it is dead, but still of its session.
      if (pid === sessionId) roots.push(member);
      signalProcess(member, "SIGKILL");
    }
    await setTimeout(POLL_MS);
  }
}

/** The commands, their sessions, and the descendants of these, as far as they run. */
export function findMembers(
  commands: readonly HostProcess[],
  processes: readonly ProcessStat[],
): ProcessStat[] {
  const isRoot = (process: ProcessStat) => commands.some((command) => isOfSession(command, process));
  const members = new Set(processes.filter(isRoot));
  const childrenByParent = Map.groupBy(processes, ({ parentPid }) => parentPid);
  for (const member of members) {
    for (const child of childrenByParent.get(member.pid) ?? []) members.add(child);
  }
  return [...members].filter(isRunning);
}

/**
 * A session's number can be used again once all its processes are gone. Those of a later session that got the number are
 * told apart by an earlier start or another pid namespace.
 */
function isOfSession(command: HostProcess, process: ProcessStat): boolean {
  if (command.startTime === null || process.startTime < command.startTime) return false;
  if (process.pid === command.pid) return process.startTime === command.startTime;
  return (
    process.sessionId === command.sessionId &&
    (command.pidNamespace === null || readPidNamespace(process.pid) === command.pidNamespace)
  );
}

/** All that there are now, without holding up other work. */
export async function readAllProcesses(): Promise<ProcessStat[]> {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const processes: ProcessStat[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % LOOKS_PER_TURN === LOOKS_PER_TURN - 1) await setImmediate();
    const stat = readProcessStat(pid);
    if (stat !== null) processes.push(stat);
  }
  return processes;
}
