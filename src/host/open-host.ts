import { dirname } from "node:path";
import { type HostFile, readHostFile } from "../api/host-file.ts";
import type { HostOptions } from "../api/host-options.ts";
import { packageVersion } from "../api/package-version.ts";
import type { Ready } from "../api/ready-line.ts";
import { hostSocketPath } from "../api/socket-path.ts";
import { FileOutputLogs } from "../output/file-output-logs.ts";
import { ownPidNamespace, readProcessIdentity } from "../process/process-identity.ts";
import { readSystemdUnit } from "../process/systemd-unit.ts";
import { findLegacyProcess } from "../runtime/find-legacy-process.ts";
import { listContainers } from "../runtime/list-containers.ts";
import { Runtimes } from "../runtime/runtimes.ts";
import { KnownRuntimes } from "../server/known-runtimes.ts";
import type { RuntimeSpec } from "../session/exec-session.ts";
import type { OrphanPolicy } from "../session/reconcile.ts";
import type { RuntimeProvider } from "../session/runtime.ts";
import { SessionError } from "../session/session-error.ts";
import { openSessionManager } from "../session/session-manager.ts";
import { AnnouncedStore } from "./announced-store.ts";
import { SessionHost } from "./session-host.ts";

/** A host that serves, and what it says of itself. */
export interface OpenedHost {
  readonly host: SessionHost;
  readonly ready: Ready;
}

/** Puts the parts of a session host together and begins to serve; `stateDir` must be the directory's real path. */
export async function openHost(
  options: HostOptions,
  report: (sentence: string) => void,
): Promise<OpenedHost> {
  const { stateDir } = options;
  const orphans = options.orphans ?? readHostFile(stateDir)?.orphans ?? "keep";
  const socket = hostSocketPath(stateDir);
  if (options.socketUser !== null) assertShareable(socket, stateDir);
  const announcement = announce(socket, orphans);
  const store = new AnnouncedStore(stateDir, announcement, report);
  const runtimes = new Runtimes();
  const outputs = new FileOutputLogs();
  const { provider } = runtimes;
  const service = await openSessionManager({
    store,
    outputs,
    runtimes: provider,
    findLegacyProcess,
    orphans,
    report,
  });
  try {
    const specs = await findUsable(provider, [...INSTALLED, ...store.runtimes]);
    const containers = new KnownRuntimes({ provider, specs, listContainers, report });
    const host = new SessionHost({ options, store, service, containers, socket, report });
    await host.open();
    report(`Serves ${stateDir} on ${socket}; ${describe(options, announcement)}.`);
    return { host, ready: { socket, pid: announcement.pid, version: announcement.version } };
  } catch (error) {
    await service.close();
    throw error;
  }
}

/** What a Docker client finds without anybody having told the host of it. */
const INSTALLED: readonly RuntimeSpec[] = (["local", "crun", "runc"] as const).map((kind) => ({
  kind,
  path: "",
  root: "",
}));

function announce(socket: string, orphans: OrphanPolicy): HostFile {
  const identity = readProcessIdentity(process.pid);
  if (identity === null) throw new Error("this process is not in /proc");
  return {
    ...identity,
    pidNamespace: ownPidNamespace(),
    socket,
    version: packageVersion(),
    unit: readSystemdUnit(process.pid),
    orphans,
  };
}

/** The folder for sockets whose path would be too long is its user's alone, whatever host made it. */
function assertShareable(socket: string, stateDir: string): void {
  if (dirname(socket) === stateDir) return;
  throw new SessionError(
    "EXEC_SOCKET_UNUSABLE",
    `The socket cannot be given to another user, because the path of ${stateDir} is too long for a socket in it; choose a shorter one.`,
    { details: { path: stateDir } },
  );
}

/** Those whose programs are there. */
async function findUsable(
  provider: RuntimeProvider,
  specs: readonly RuntimeSpec[],
): Promise<readonly RuntimeSpec[]> {
  const answers = await Promise.allSettled(specs.map(provider));
  return specs.filter((_, index) => answers[index]?.status === "fulfilled");
}

function describe(
  { idleSeconds, onStop, socketUser }: HostOptions,
  { version, unit, orphans }: HostFile,
): string {
  return [
    `version ${version}`,
    `Node.js ${process.versions.node}`,
    idleSeconds === null ? "never leaves for being idle" : `leaves after ${idleSeconds} idle seconds`,
    `on a stop sessions are ${onStop === "stop" ? "stopped" : "kept"}`,
    `orphans are ${orphans === "stop" ? "stopped" : "kept"}`,
    socketUser === null ? "for its own user" : `for its own user and user ${socketUser}`,
    unit === null ? "in no systemd unit" : `in the systemd unit ${unit}`,
  ].join(", ");
}
