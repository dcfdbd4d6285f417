import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { findOwnProcesses } from "./own-processes.ts";

/** Sockets, pipes and terminals; Node opens other descriptors by itself, whenever it first needs them. */
const STREAM_TARGET = /^socket:|^pipe:|^\/dev\/(ptmx|pts\/)/;
/** Kept by Node for its own work; they are there for one turn of the event loop. */
const PASSING_RESOURCES = new Set(["Immediate", "TickObject", "FSReqPromise", "FSReqCallback", "CloseReq"]);

/**
 * Everything that this process and its descendants hold at the moment, one line each: processes, files below the
 * temporary folder, mounts, control groups, open streams and whatever else keeps the event loop going.
 */
export function findLeftovers(folder: string): readonly string[] {
  return [
    ...findOwnProcesses(folder).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...readdirSync(folder).map((name) => `file ${join(folder, name)}`),
    ...findMounts(folder).map((path) => `mount ${path}`),
    ...openStreams(folder),
    ...process
      .getActiveResourcesInfo()
      .filter((type) => !PASSING_RESOURCES.has(type))
      .map((type) => `active ${type}`),
  ];
}

/** What is in `after` more often than in `before`. */
export function addedLines(before: readonly string[], after: readonly string[]): readonly string[] {
  const known = new Map<string, number>();
  for (const line of before) known.set(line, (known.get(line) ?? 0) + 1);
  return after.filter((line) => {
    const count = known.get(line) ?? 0;
    known.set(line, count - 1);
    return count <= 0;
  });
}

/** Mount points below a folder, the innermost first. */
export function findMounts(folder: string): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
}

function openStreams(folder: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    const target = readTarget(fd);
    return STREAM_TARGET.test(target) || target.startsWith(folder) ? [`open ${target}`] : [];
  });
}

/** Empty: the descriptor was that of the listing itself and is closed again. */
function readTarget(fd: string): string {
  try {
    return readlinkSync(join("/proc/self/fd", fd));
  } catch {
    return "";
  }
}
