import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseHostOptions } from "../src/api/host-options.ts";
import { launchSessionHost } from "../src/client/launch-session-host.ts";
import { SessionClient } from "../src/client/session-client.ts";
import { isSameProcessAlive, readProcessIdentity } from "../src/process/process-identity.ts";

/** What people run: the package's code, which needs half the memory of what Node.js makes of TypeScript. */
const PROGRAM = fileURLToPath(new URL("../dist/src/host/main.js", import.meta.url));
const POLL_MS = 5;
const KIB_PER_MIB = 1024;

/** A session host as the package has it, in a process and a state directory of its own. */
export interface PackagedHost {
  readonly service: SessionClient;
  readonly pid: number;
  /** From the call that starts it until it serves. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** Starts a host as clients do. */
export async function startPackagedHost(): Promise<PackagedHost> {
  const stateDir = await mkdtemp(join(tmpdir(), "host-bench-"));
  const begin = performance.now();
  const { socket, pid } = await launchSessionHost(parseHostOptions({ stateDir }), { program: PROGRAM });
  const readyMs = performance.now() - begin;
  const service = new SessionClient({ socketPath: socket });
  return {
    service,
    pid,
    readyMs,
    stop: async () => {
      await service.close();
      await endProcess(pid);
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** What a process has in memory now, in MiB. */
export async function residentMebibytes(pid: number): Promise<number> {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kibibytes) / KIB_PER_MIB;
}

async function endProcess(pid: number): Promise<void> {
  const identity = readProcessIdentity(pid);
  if (identity === null) return;
  process.kill(pid, "SIGTERM");
  while (isSameProcessAlive(identity)) await setTimeout(POLL_MS);
}
