import { readFileSync } from "node:fs";

/**
 * The systemd unit that a process belongs to, such as `nodered.service` or `run-u7.scope`: when it is stopped, the process
 * is ended, too. Null: it belongs to none, or that cannot be seen.
 */
export function readSystemdUnit(pid: number): string | null {
  try {
    return parseUnit(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  } catch {
    return null;
  }
}

/** From a line `0::/PATH` (version 2 of control groups) or `N:name=systemd:/PATH` (version 1). */
export function parseUnit(cgroups: string): string | null {
  for (const line of cgroups.split("\n")) {
    const path = /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1];
    const unit = path?.split("/").findLast((name) => UNIT_NAME.test(name));
    if (unit !== undefined) return unit;
  }
  return null;
}

/** Slices only group other units. A user's manager is itself a service, which the last such name leaves aside. */
const UNIT_NAME = /^.+\.(service|scope)$/;
