import { readlinkSync } from "node:fs";
import type { ProcessIdentity } from "../session/exec-session.ts";
import type { SignalResult } from "../session/runtime.ts";
import type { SignalName } from "../session/signals.ts";
import { isErrno } from "./errno.ts";
import { readBootId } from "./process-identity.ts";
import { isRunning, type ProcessStat, readProcessStat } from "./process-stat.ts";

/** A process of this machine, told apart from every other that had or will have its pid. Plain JSON. */
export type HostProcess = Readonly<{
  pid: number;
  /** Clock ticks from boot to its start. Null: it had ended before it could be looked at. */
  startTime: number | null;
  /** Start times count from a boot, so they mean nothing after the next one. */
  bootId: string;
  /** The session that it and its children belong to, as setsid(2) means it. Null: as for `startTime`. */
  sessionId: number | null;
  /** The pid namespace it runs in, such as `pid:[4026531836]`. Null: not to be seen. */
  pidNamespace: string | null;
}>;

/** Looks at a process that runs now. */
export function identifyProcess(pid: number): HostProcess {
  const stat = readProcessStat(pid);
  return {
    pid,
    startTime: stat?.startTime ?? null,
    bootId: readBootId(),
    sessionId: stat?.sessionId ?? null,
    pidNamespace: readPidNamespace(pid),
  };
}

/** The process as it is now. Null: it has ended, or its pid belongs to another by now. */
export function findProcess(identity: HostProcess): ProcessStat | null {
  if (identity.startTime === null || identity.bootId !== readBootId()) return null;
  const stat = readProcessStat(identity.pid);
  return stat !== null && stat.startTime === identity.startTime && isRunning(stat) ? stat : null;
}

/**
 * Signals the process if it still is the same one. Between the look and the signal the kernel would have to end it and
 * go through all other pids, which takes far longer than the microseconds between the two.
 */
export function signalProcess(identity: HostProcess, signal: SignalName): SignalResult {
  if (findProcess(identity) === null) return "gone";
  try {
    process.kill(identity.pid, signal);
    return "delivered";
  } catch (error) {
    if (isErrno(error, "ESRCH")) return "gone";
    throw error;
  }
}

/** Takes an identity from a record. Null: it is none of ours. */
export function parseHostProcess(raw: ProcessIdentity): HostProcess | null {
  const { pid, startTime = null, bootId, sessionId = null, pidNamespace = null } = raw;
  if (typeof pid !== "number" || typeof bootId !== "string" || typeof pidNamespace === "number") return null;
  if (typeof startTime === "string" || typeof sessionId === "string") return null;
  return { pid, startTime, bootId, sessionId, pidNamespace };
}

/** The pid namespace of a process. Null: the process is gone, or not ours to look at. */
export function readPidNamespace(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}
