import { renameSync, rmSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

const HIDDEN_SUFFIX = ".leaving";

/**
 * Takes a listening socket out of clients' sight, who then find no host there. Resolves once those who had found it before
 * are connected. A socket listens under whatever name it has.
 */
export async function hideSocket(path: string): Promise<void> {
  renameSync(path, path + HIDDEN_SUFFIX);
  // Connections that the kernel has taken become known in the next round of the event loop.
  await setImmediate();
  await setImmediate();
}

/** The opposite, when the host stays after all. */
export function showSocket(path: string): void {
  renameSync(path + HIDDEN_SUFFIX, path);
}

/** Deletes what a host that was killed while leaving, or the one that leaves now, has hidden. */
export function removeHiddenSocket(path: string): void {
  rmSync(path + HIDDEN_SUFFIX, { force: true });
}
