import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** A process of the machine that descends from a test. */
export interface OwnProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * All processes that descend from this one, however they were detached: direct children; those that inherited the
 * temporary folder with their environment; and those in a container whose root file system lies in it.
 */
export function findOwnProcesses(folder: string): readonly OwnProcess[] {
  const ownMounts = readText("self/ns/mnt", readlinkSync);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => isChild(pid) || hasInherited(pid, folder) || isContained(pid, folder, ownMounts))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }));
}

function isChild(pid: string): boolean {
  return statFields(pid)[1] === String(process.pid);
}

function hasInherited(pid: string, folder: string): boolean {
  return readText(`${pid}/environ`).split("\0").includes(`TMPDIR=${folder}`);
}

/** Only the mount at `/` counts: a new mount namespace begins with copies of everybody's mounts. */
function isContained(pid: string, folder: string, ownMounts: string): boolean {
  const mounts = readText(`${pid}/ns/mnt`, readlinkSync);
  if (mounts === "" || mounts === ownMounts) return false;
  return readText(`${pid}/mountinfo`)
    .split("\n")
    .some((line) => line.split(" ")[4] === "/" && line.includes(folder));
}

function commandOf(pid: string): string {
  const command = readText(`${pid}/cmdline`).split("\0").join(" ").trim();
  return command === "" ? `[${readText(`${pid}/comm`).trim()}]` : command;
}

/** State, parent and so on; the name before them may hold spaces and parentheses. */
function statFields(pid: string): readonly string[] {
  const stat = readText(`${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Empty: the process has ended meanwhile, or is not ours to look into. */
function readText(name: string, read = (path: string): string => readFileSync(path, "utf8")): string {
  try {
    return read(join("/proc", name));
  } catch {
    return "";
  }
}
