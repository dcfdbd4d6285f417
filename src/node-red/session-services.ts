import type { NodeAPI } from "node-red";
import { errorText } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import { createSessionService } from "./create-session-service.ts";
import { ShutdownSignal } from "./shutdown-signal.ts";

/** One service for each state directory. They outlive the nodes, and so every deploy. */
const services = new Map<string, OpenedService>();

interface OpenedService {
  readonly opening: Promise<SessionService>;
  /** Told what no caller waits for. */
  readonly report: (sentence: string) => void;
}

let shutdown: ShutdownSignal | undefined;

/**
 * The service of a state directory, opened at its first use. Throws EXEC_STATE_DIR_* as long as it cannot be opened; each
 * use tries again.
 */
export function openSessionService(RED: NodeAPI, stateDir: string): Promise<SessionService> {
  const opened = services.get(stateDir);
  if (opened !== undefined) return opened.opening;
  shutdown ??= new ShutdownSignal(closeSessionServices);
  const report = (sentence: string) => RED.log.warn(`[exec-container] ${sentence}`);
  const opening = createSessionService(stateDir, report);
  services.set(stateDir, { opening, report });
  opening.catch(() => services.delete(stateDir));
  return opening;
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
