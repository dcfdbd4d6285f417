import { rmSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { findProcess, type HostProcess, identifyProcess } from "../process/host-process.ts";
import { readPidFile } from "../process/pid-file.ts";
import { startTimeMs } from "../process/uptime.ts";
import type { OciProcess } from "./oci-process.ts";

/** The files of a runtime in a session's bundle. */
export interface BundleFiles {
  /** The command's process, with its secrets; there only while the runtime reads it. */
  readonly process: string;
  readonly pid: string;
  /** The runtime's errors as JSON lines. */
  readonly log: string;
}

export function bundleFiles(bundle: string): BundleFiles {
  return {
    process: join(bundle, "process.json"),
    pid: join(bundle, "exec_pid"),
    log: join(bundle, "oci-log"),
  };
}

/** Writes the process file, for this user's eyes only. Synchronous, as its deletion: the page cache takes it at once. */
export function writeProcessFile({ process: path }: BundleFiles, process: OciProcess): void {
  writeFileSync(path, JSON.stringify(process), { mode: 0o600, flag: "wx" });
}

/** Deletes the process file. Never throws: the command runs by now, or there is a better reason why it does not. */
export function deleteProcessFile({ process: path }: BundleFiles): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The disk has become read-only. It goes with the session, or when that is taken over by the next manager.
  }
}

/**
 * The process that a manager was starting when it died, by the pid file. Null: none, or it is gone. A process with that pid
 * that began before the file was written is the one: a pid belongs to one process at a time.
 */
export async function findByPidFile({ pid: path }: BundleFiles): Promise<HostProcess | null> {
  const pid = readPidFile(path);
  if (pid === null) return null;
  const identity = identifyProcess(pid);
  if (identity.startTime === null || findProcess(identity) === null) return null;
  const { mtimeMs } = await stat(path);
  return startTimeMs(identity.startTime) <= mtimeMs + CLOCK_SLACK_MS ? identity : null;
}

/** Start times count in hundredths of a second, file times in the kernel's ticks; a pid is not used again within this time. */
const CLOCK_SLACK_MS = 500;
