import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import { policySchema } from "./host-options.ts";

/** In the state directory: who serves it. */
const HOST_FILE = "host.json";

/** Asks a host to leave in its first moment without running sessions and clients. It means that in every version. */
export const LEAVE_SIGNAL = "SIGUSR2";

const hostFileSchema = z.object({
  pid: z.int().min(1),
  /** Clock ticks from boot to the host's start. */
  startTime: z.number(),
  /** Start times and pids mean nothing after the next boot. */
  bootId: z.string(),
  /** Nor do pids in another container, whatever process has this one there. */
  pidNamespace: z.string(),
  /** Where it listens, since that may depend on its environment. */
  socket: z.string(),
  /** Of the package. */
  version: z.string(),
  /** The systemd unit that it runs in, and that ends it when it is stopped. Null: none. */
  unit: z.string().nullable(),
  /** What is to become of its commands if it is killed. */
  orphans: policySchema.default("keep"),
});

/** A session host as it describes itself to whoever looks for it. */
export type HostFile = Readonly<z.output<typeof hostFileSchema>>;

/**
 * What the last host of a state directory wrote; it may be gone. Null: there was none, it left in good order, or it is
 * another user's.
 */
export function readHostFile(stateDir: string): HostFile | null {
  try {
    const host = hostFileSchema.parse(JSON.parse(readFileSync(join(stateDir, HOST_FILE), "utf8")));
    return { ...host, socket: resolve(stateDir, host.socket) };
  } catch {
    // It only saves a search; what cannot be read is looked for in the usual place.
    return null;
  }
}

/** Whole or not at all; readable by its owner only. */
export function writeHostFile(stateDir: string, host: HostFile): void {
  const path = join(stateDir, HOST_FILE);
  const temporary = `${path}.tmp`;
  // In the directory, which another container may have elsewhere: by its name alone.
  const socket = dirname(host.socket) === stateDir ? basename(host.socket) : host.socket;
  writeFileSync(temporary, `${JSON.stringify({ ...host, socket })}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** When the host leaves. */
export function removeHostFile(stateDir: string): void {
  rmSync(join(stateDir, HOST_FILE), { force: true });
}
