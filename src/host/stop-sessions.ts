import type { EndRecord } from "../session/exec-session.ts";
import { errorText } from "../session/session-error.ts";
import type { SessionService, SessionSummary } from "../session/session-service.ts";

export interface StopSessionsOptions {
  /** Once aborted, commands are not waited for any more but killed. */
  readonly impatience: AbortSignal;
  readonly report: (sentence: string) => void;
}

/** Stops all running sessions, each as it was created to be stopped, and reports how each has ended. Never rejects. */
export async function stopSessions(service: SessionService, options: StopSessionsOptions): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    // Looked at again, because a client that is still connected may have started another one.
    const running = (await runningSessions(service)).filter(({ id }) => !tried.has(id));
    if (running.length === 0) return;
    for (const { id } of running) tried.add(id);
    await Promise.all(running.map(({ id }) => stopSession(service, id, options)));
  }
}

/** The sessions whose output and exit code only their host can get. */
export async function runningSessions(service: SessionService): Promise<readonly SessionSummary[]> {
  return (await service.list({ state: "running" })).filter(({ legacy }) => !legacy);
}

async function stopSession(
  service: SessionService,
  id: string,
  { impatience, report }: StopSessionsOptions,
): Promise<void> {
  const kill = () =>
    void service.stop(id, { timeout: 0 }).catch(() => {
      // It hastens the stop below, which tells the same.
    });
  impatience.addEventListener("abort", kill, { once: true });
  try {
    const end = await service.stop(id, impatience.aborted ? { timeout: 0 } : {});
    report(`Session ${id.slice(0, 12)} has been stopped: ${showEnd(end)}.`);
  } catch (error) {
    report(`Session ${id.slice(0, 12)} could not be stopped: ${errorText(error)}`);
  } finally {
    impatience.removeEventListener("abort", kill);
  }
}

function showEnd(end: EndRecord | null): string {
  return `exit code ${end?.exitCode ?? "unknown"}`;
}
