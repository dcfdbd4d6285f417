import { readFileSync } from "node:fs";
import { isErrno } from "./errno.ts";

/** What the kernel says of a process in /proc/PID/stat. */
export interface ProcessStat {
  readonly pid: number;
  /** One letter; see {@link isRunning}. */
  readonly state: string;
  readonly parentPid: number;
  /** The session in the sense of setsid(2): usually the pid of the process that began it. */
  readonly sessionId: number;
  /** Clock ticks from boot to the start of the process. */
  readonly startTime: number;
}

/**
 * Looks a process up. Null: there is none with this pid. Never waits, because /proc is no disk. As UTF-8, which Node.js
 * reads in one call in place of five, although a program's name may be none.
 */
export function readProcessStat(pid: number): ProcessStat | null {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    // Gone before the file was opened, or between that and its reading.
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return null;
    throw error;
  }
}

/** Whether a process still runs: one that has ended but was not waited for is dead, too. */
export function isRunning({ state }: ProcessStat): boolean {
  return state !== "Z" && state !== "X";
}

/** The program's name stands in parentheses and may hold spaces and parentheses itself, so fields count from the last one. */
function parseStat(pid: number, text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ", START_TIME + 1);
  const [state, parentPid, , sessionId] = fields;
  const startTime = fields[START_TIME];
  if (state === undefined || parentPid === undefined || sessionId === undefined || startTime === undefined) {
    return null;
  }
  return {
    pid,
    state,
    parentPid: Number(parentPid),
    sessionId: Number(sessionId),
    startTime: Number(startTime),
  };
}

/** Field 22 of proc(5), counted from the field after the name. */
const START_TIME = 19;
