import { setTimeout as wait } from "node:timers/promises";
import { LEAVE_SIGNAL, readHostFile } from "../api/host-file.ts";
import { identifyProcess, signalProcess } from "../process/host-process.ts";
import { askAgainIfBroken } from "./ask-again.ts";
import { askAnyVersion } from "./ask-any-version.ts";
import type { HostDialer } from "./host-dialer.ts";
import type { HostVersion } from "./host-version.ts";
import { isSeenAlive } from "./seen-alive.ts";

/** A host without sessions and clients leaves within milliseconds; one with other clients may stay. */
const LEAVE_WAIT_MS = 2_000;
const POLL_MS = 20;

/**
 * Asks a host to leave in its first moment without running sessions and clients. Resolves with whether it has left by now;
 * if not, it goes on serving until then.
 */
export async function askToLeave(dialer: HostDialer, { pid }: HostVersion): Promise<boolean> {
  const host = readHostFile(dialer.stateDir);
  // Where it cannot be seen, its pid means nothing.
  if (host?.pid !== pid || !isSeenAlive(host)) return false;
  const isBusy = await hasRunningSessions(dialer);
  signalProcess(identifyProcess(pid), LEAVE_SIGNAL);
  const deadline = performance.now() + (isBusy ? 0 : LEAVE_WAIT_MS);
  while (isSeenAlive(host)) {
    if (performance.now() >= deadline) return false;
    await wait(POLL_MS);
  }
  return true;
}

async function hasRunningSessions(dialer: HostDialer): Promise<boolean> {
  const path = `/exec/json?${new URLSearchParams({ filters: JSON.stringify({ state: "running" }) })}`;
  const rows = await askAgainIfBroken(async () =>
    askAnyVersion(await dialer.connect(), path, dialer.socketPath),
  );
  return !Array.isArray(rows) || rows.length > 0;
}
