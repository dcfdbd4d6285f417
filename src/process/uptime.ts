import { readFileSync } from "node:fs";

/** USER_HZ, in which Linux tells times to programs whatever it counts in itself; 100 on every processor that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const MS_PER_SECOND = 1000;

/** When a process began, on this machine's clock as it is set now. */
export function startTimeMs(startTime: number): number {
  const bootMs = Date.now() - readUptimeMs();
  return bootMs + (startTime / TICKS_PER_SECOND) * MS_PER_SECOND;
}

function readUptimeMs(): number {
  const [seconds] = readFileSync("/proc/uptime", "latin1").split(" ");
  return Number(seconds) * MS_PER_SECOND;
}
