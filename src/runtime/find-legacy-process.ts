import { findProcess, identifyProcess } from "../process/host-process.ts";
import { startTimeMs } from "../process/uptime.ts";
import type { LegacySession } from "../session/exec-session.ts";
import type { ExecProcess } from "../session/runtime.ts";
import { adoptProcess } from "./host-exec-process.ts";

/** Start times count in hundredths of a second, records in milliseconds; a pid is not used again within this time. */
const CLOCK_SLACK_MS = 500;

/**
 * The process of a record of the old form. Null: it is gone; a process of its pid that began after the record was written
 * is another one.
 */
export async function findLegacyProcess({ pid, recordedAtMs }: LegacySession): Promise<ExecProcess | null> {
  const identity = identifyProcess(pid);
  if (identity.startTime === null || findProcess(identity) === null) return null;
  return startTimeMs(identity.startTime) <= recordedAtMs + CLOCK_SLACK_MS ? adoptProcess(identity) : null;
}
