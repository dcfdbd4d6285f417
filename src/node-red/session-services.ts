import type { NodeAPI } from "node-red";
import type { OrphanPolicy } from "../session/reconcile.ts";
import { errorText, SessionError } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import { createSessionService } from "./create-session-service.ts";
import { ShutdownSignal } from "./shutdown-signal.ts";
import { type HostLog, useSessionHost } from "./use-session-host.ts";

/** Which service an exec-container has chosen. Plain data. */
export interface ServiceChoice {
  readonly stateDir: string;
  /** Where the sessions are kept: by the session host, a process of its own, or inside Node-RED, whose end is then theirs. */
  readonly host: "process" | "inside";
  /** What happens to commands that outlived whoever kept them. */
  readonly orphans: OrphanPolicy;
}

/** One service for each state directory. They outlive the nodes, and so every deploy. */
const services = new Map<string, OpenedService>();

interface OpenedService {
  readonly host: ServiceChoice["host"];
  readonly opening: Promise<SessionService>;
  /** Told what no caller waits for. */
  readonly report: (sentence: string) => void;
}

let shutdown: ShutdownSignal | undefined;

/**
 * The service of a state directory, opened at its first use. Throws EXEC_STATE_DIR_* or EXEC_HOST_* as long as it cannot be
 * opened; each use tries again. Another choice of host for the same directory holds as soon as no session runs in it.
 */
export function openSessionService(RED: NodeAPI, choice: ServiceChoice): Promise<SessionService> {
  const { stateDir, host } = choice;
  const opened = services.get(stateDir);
  if (opened?.host === host) return opened.opening;
  shutdown ??= new ShutdownSignal(closeSessionServices);
  const log: HostLog = {
    info: (sentence) => RED.log.info(`[exec-container] ${sentence}`),
    warn: (sentence) => RED.log.warn(`[exec-container] ${sentence}`),
  };
  const opening = open(choice, log, opened);
  const next: OpenedService = { host, opening, report: log.warn };
  services.set(stateDir, next);
  opening.catch(() => {
    if (services.get(stateDir) !== next) return;
    if (opened === undefined) services.delete(stateDir);
    else services.set(stateDir, opened);
  });
  return opening;
}

async function open(
  choice: ServiceChoice,
  log: HostLog,
  before: OpenedService | undefined,
): Promise<SessionService> {
  if (before !== undefined) {
    await assertNothingRuns(before, choice.stateDir);
    await closeService(before);
  }
  return choice.host === "inside" ? createSessionService(choice, log.warn) : useSessionHost(choice, log);
}

async function assertNothingRuns({ opening, host }: OpenedService, stateDir: string): Promise<void> {
  // One that could not be opened has no sessions.
  const service = await opening.catch(() => undefined);
  const running = (await service?.list({ state: "running" })) ?? [];
  if (running.length === 0) return;
  const where = host === "inside" ? "inside Node-RED" : "in the session host";
  throw new SessionError(
    "EXEC_STATE_DIR_IN_USE",
    `The sessions of ${stateDir} are kept ${where}, and ${running.length} of them run; another choice holds once they have ended.`,
    { details: { stateDir, running: running.length } },
  );
}

/** Lets go of all services; their sessions are left to whoever opens the state directories next. */
export async function closeSessionServices(): Promise<void> {
  const opened = [...services.values()];
  services.clear();
  shutdown?.close();
  shutdown = undefined;
  await Promise.all(opened.map(closeService));
}

async function closeService({ opening, report }: OpenedService): Promise<void> {
  try {
    const service = await opening;
    await service.close();
  } catch (error) {
    report(`The session service was not closed in good order: ${errorText(error)}`);
  }
}

/** When the nodes close because the process is about to end: closes the services. Does nothing on a deploy. */
export async function closeOnShutdown(): Promise<void> {
  if (shutdown?.isReceived) await closeSessionServices();
}
