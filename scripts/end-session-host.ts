import { setTimeout } from "node:timers/promises";
import { readHostFile } from "../src/api/host-file.ts";
import { isSameProcessAlive } from "../src/process/process-identity.ts";

const POLL_MS = 10;

/** Stops the session host of a state directory, and so its sessions; resolves once it has ended. None there: nothing to do. */
export async function endSessionHost(stateDir: string): Promise<void> {
  const host = readHostFile(stateDir);
  if (host === null || !isSameProcessAlive(host)) return;
  process.kill(host.pid, "SIGTERM");
  // Told again, it kills what is being stopped.
  process.kill(host.pid, "SIGTERM");
  while (isSameProcessAlive(host)) await setTimeout(POLL_MS);
}
