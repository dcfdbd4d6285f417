import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { isErrno } from "./errno.ts";
import { readProcessStat } from "./process-stat.ts";

export interface PidFileWait {
  readonly path: string;
  /** The program that writes the file. */
  readonly writer: { readonly startTime: number; readonly ended: Promise<unknown> };
  readonly timeoutMs: number;
}

/** The file is looked at so often, also where the kernel tells of no changes, for example because all watches are used up. */
const POLL_MS = 20;

/**
 * Resolves with the pid in a file once it is there. Null: its writer has ended without it. Undefined: the time is over.
 * The file's folder must exist. Rejects if it cannot be read.
 */
export async function waitForPidFile({
  path,
  writer,
  timeoutMs,
}: PidFileWait): Promise<number | null | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null | undefined>();
  let seenBefore: number | null = null;
  const look = () => {
    const pid = readPidFile(path);
    if (pid !== null && isStartedBy(writer.startTime, pid)) resolve(pid);
    return pid;
  };
  const lookAgain = () => {
    const pid = look();
    // A process may be gone by now; then what tells its pid from the beginning of one is that it does not change any more.
    if (pid !== null && pid === seenBefore && readProcessStat(pid) === null) resolve(pid);
    seenBefore = pid;
  };
  // Thrown out of a timer or a watch, an error would end the whole process.
  const guarded = (work: () => unknown) => () => {
    try {
      work();
    } catch (error) {
      reject(error);
    }
  };
  const watcher = watchFolder(dirname(path), guarded(look));
  const poll = setInterval(guarded(lookAgain), POLL_MS);
  const timer = setTimeout(resolve, timeoutMs, undefined);
  void writer.ended.then(guarded(() => resolve(readPidFile(path))));
  guarded(look)();
  try {
    return await promise;
  } finally {
    watcher?.close();
    clearInterval(poll);
    clearTimeout(timer);
  }
}

/** The number in a pid file. Null: no file, or nothing in it yet. */
export function readPidFile(path: string): number | null {
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^[1-9][0-9]*$/.test(text) ? Number(text) : null;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** A file read while it is being written may hold the first digits only: the pid of some older process, or of none. */
function isStartedBy(writerStartTime: number, pid: number): boolean {
  const startTime = readProcessStat(pid)?.startTime;
  return startTime !== undefined && startTime >= writerStartTime;
}

function watchFolder(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, onChange);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    // No watches left, or a file system without them: polling has to do.
    return undefined;
  }
}
