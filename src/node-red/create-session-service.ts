import { FileOutputLogs } from "../output/file-output-logs.ts";
import { findLegacyProcess } from "../runtime/find-legacy-process.ts";
import { Runtimes } from "../runtime/runtimes.ts";
import type { OrphanPolicy } from "../session/reconcile.ts";
import { openSessionManager } from "../session/session-manager.ts";
import type { SessionService } from "../session/session-service.ts";
import { FileSessionStore } from "../store/file-store.ts";

/** Puts the parts of a session service inside of this process together, for one state directory. */
export function createSessionService(
  { stateDir, orphans = "keep" }: { readonly stateDir: string; readonly orphans?: OrphanPolicy },
  report: (sentence: string) => void,
): Promise<SessionService> {
  const runtimes = new Runtimes();
  return openSessionManager({
    store: new FileSessionStore(stateDir, { report }),
    outputs: new FileOutputLogs(),
    runtimes: runtimes.provider,
    findLegacyProcess,
    orphans,
    report,
    onClose: () => runtimes.close(),
  });
}
