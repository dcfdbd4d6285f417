import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a control group hierarchy can be seen. */
export interface CgroupMount {
  readonly isV2: boolean;
  /** Of version 1: `freezer`, `memory` and so on. */
  readonly controllers: readonly string[];
  /** The group that is seen at `path`; `/` unless a part of the hierarchy is mounted. */
  readonly root: string;
  readonly path: string;
}

/** The control groups of a process, from /proc/PID/cgroup. */
export interface CgroupEntry {
  readonly isV2: boolean;
  readonly controllers: readonly string[];
  readonly group: string;
}

/** All control group hierarchies that this process sees. */
export function readCgroupMounts(): readonly CgroupMount[] {
  return readFileSync("/proc/self/mountinfo", "utf8").split("\n").flatMap(parseMount);
}

/** The groups of a process, one for each hierarchy. */
export function readCgroups(pid: number): readonly CgroupEntry[] {
  return readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map(parseEntry);
}

/** A group's folder. Undefined: the mount does not show it. */
export function findFolder({ root, path }: CgroupMount, group: string): string | undefined {
  if (root === "/") return group.startsWith("/..") ? undefined : join(path, group);
  if (group !== root && !group.startsWith(`${root}/`)) return undefined;
  return join(path, group.slice(root.length));
}

/** proc_pid_mountinfo(5): id parent dev root path options [optional...] - type source super-options. */
function parseMount(line: string): CgroupMount[] {
  const fields = line.split(" ");
  const tail = fields.slice(fields.indexOf("-") + 1);
  const [, , , root, path] = fields;
  const [type, , options = ""] = tail;
  if (root === undefined || path === undefined) return [];
  if (type === "cgroup2") return [{ isV2: true, controllers: [], root, path }];
  return type === "cgroup" ? [{ isV2: false, controllers: options.split(","), root, path }] : [];
}

/** `0::/group` for version 2, `6:freezer:/group` for version 1; only a group's name may have more colons. */
function parseEntry(line: string): CgroupEntry {
  const [id, controllers = "", ...group] = line.split(":");
  return { isV2: id === "0", controllers: controllers.split(","), group: group.join(":") };
}
