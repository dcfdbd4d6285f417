import { FileOutputLogs } from "../output/file-output-logs.ts";
import { findLegacyProcess } from "../runtime/find-legacy-process.ts";
import { Runtimes } from "../runtime/runtimes.ts";
import { openSessionManager } from "../session/session-manager.ts";
import type { SessionService } from "../session/session-service.ts";
import { FileSessionStore } from "../store/file-store.ts";

/** Puts the parts of the session service together, for one state directory. */
export function createSessionService(
  stateDir: string,
  report: (sentence: string) => void,
): Promise<SessionService> {
  const runtimes = new Runtimes();
  return openSessionManager({
    store: new FileSessionStore(stateDir),
    outputs: new FileOutputLogs(),
    runtimes: runtimes.provider,
    findLegacyProcess,
    report,
    onClose: () => runtimes.close(),
  });
}
