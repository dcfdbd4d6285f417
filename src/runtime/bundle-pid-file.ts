import { stat } from "node:fs/promises";
import { join } from "node:path";
import { findProcess, type HostProcess, identifyProcess } from "../process/host-process.ts";
import { readPidFile } from "../process/pid-file.ts";
import { startTimeMs } from "../process/uptime.ts";
import { PID_FILE } from "../session/session-store.ts";

/** Where a session's bundle has its command's pid. */
export function pidFileIn(bundle: string): string {
  return join(bundle, PID_FILE);
}

/**
 * The process that a manager was starting when it died, by the pid file. Null: none, or it is gone. A process with that pid
 * that began before the file was written is the one: a pid belongs to one process at a time.
 */
export async function findByPidFile(path: string): Promise<HostProcess | null> {
  const pid = readPidFile(path);
  if (pid === null) return null;
  const identity = identifyProcess(pid);
  if (identity.startTime === null || findProcess(identity) === null) return null;
  const { mtimeMs } = await stat(path);
  return startTimeMs(identity.startTime) <= mtimeMs + CLOCK_SLACK_MS ? identity : null;
}

/** Start times count in hundredths of a second, file times in the kernel's ticks; a pid is not used again within this time. */
const CLOCK_SLACK_MS = 500;
