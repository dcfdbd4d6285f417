import { readFileSync } from "node:fs";

/** A process that no other one can be mistaken for: pids are used again, also within seconds. */
export interface LocalProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the process's start. */
  readonly startTime: number;
  /** Of the boot that the process belongs to. */
  readonly bootId: string;
}

/** The identity of a live process of this machine. Null: there is none of this pid, or it is a zombie. */
export function readProcessIdentity(pid: number): LocalProcessIdentity | null {
  const stat = readStat(pid);
  if (stat === null || isDead(stat.state)) return null;
  return { pid, startTime: stat.startTime, bootId: readBootId() };
}

/** Whether exactly this process still runs. A stopped one does; a zombie does not. */
export function isSameProcessAlive(identity: LocalProcessIdentity): boolean {
  if (identity.bootId !== readBootId()) return false;
  return readProcessIdentity(identity.pid)?.startTime === identity.startTime;
}

/** Changes with every boot of the machine. */
export function readBootId(): string {
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return bootId;
}

let bootId: string | undefined;

interface ProcessStat {
  readonly state: string;
  readonly startTime: number;
}

/** proc_pid_stat(5). The command's name is in parentheses and may hold spaces and parentheses itself. */
function readStat(pid: number): ProcessStat | null {
  const text = readProcFile(`/proc/${pid}/stat`);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[STATE_FIELD] ?? "", startTime: Number(fields[START_TIME_FIELD]) };
}

/** Counted from the field after the name, which is the third. */
const STATE_FIELD = 3 - 3;
const START_TIME_FIELD = 22 - 3;

/** Zombie, or dead and about to vanish. */
function isDead(state: string): boolean {
  return state === "Z" || state === "X";
}

/** Null when the process has gone, also between the opening of the file and its reading. */
function readProcFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
