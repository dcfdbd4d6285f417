import { connectSessionHost } from "../client/connect-session-host.ts";
import type { SharedFate } from "../client/shared-fate.ts";
import type { OrphanPolicy } from "../session/reconcile.ts";
import type { SessionService } from "../session/session-service.ts";

/** Node-RED's log, as far as it is needed. */
export interface HostLog {
  info(sentence: string): void;
  warn(sentence: string): void;
}

/** The session host of a state directory, started if there is none. Logs what a person has to know about it. */
export async function useSessionHost(
  { stateDir, orphans }: { readonly stateDir: string; readonly orphans: OrphanPolicy },
  log: HostLog,
): Promise<SessionService> {
  const { service, pid, version, isOutdated, endsWith } = await connectSessionHost({ stateDir, orphans });
  log.info(`The sessions of ${stateDir} are kept by the session host with the pid ${pid}.`);
  if (isOutdated) {
    log.warn(
      `The session host (pid ${pid}) is of the older version ${version}, because sessions run in it; it is replaced once they have ended.`,
    );
  }
  if (endsWith !== null) log.info(describeFate(endsWith));
  return service;
}

/** Where a reader of the log finds it. */
const PAPER = "https://github.com/exec-sessions/node-red/blob/main/docs/session-host.md";

function describeFate(fate: SharedFate): string {
  const what = fate.kind === "unit" ? `the systemd unit ${fate.unit}` : "the container that Node-RED is in";
  return `The session host ends with ${what}: when that is stopped or restarted, its sessions end, too. How to keep them apart: ${PAPER}`;
}
