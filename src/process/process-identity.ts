import { readFileSync, readlinkSync } from "node:fs";
import { isRunning, readProcessStat } from "./process-stat.ts";

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
  const stat = readProcessStat(pid);
  if (stat === null || !isRunning(stat)) return null;
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

/** The pid namespace of this process, outside of which its pids mean nothing. */
export function ownPidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid");
}
