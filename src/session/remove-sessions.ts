import type { LiveSession } from "./live-session.ts";
import { errorText, isSessionError, SessionError } from "./session-error.ts";
import type { RemoveAllReport } from "./session-service.ts";
import { defaultStop } from "./stop-escalation.ts";

/** Stops and removes sessions side by side; goes on past errors and reports each. */
export async function removeSessions(sessions: readonly LiveSession[]): Promise<RemoveAllReport> {
  const removed: string[] = [];
  const failed: { id: string; error: SessionError }[] = [];
  await Promise.all(
    sessions.map(async (session) => {
      const { id } = session.record;
      try {
        await session.remove(defaultStop(session.record));
        removed.push(id);
      } catch (error) {
        failed.push({ id, error: toSessionError(error) });
      }
    }),
  );
  return { removed, failed };
}

function toSessionError(error: unknown): SessionError {
  return isSessionError(error)
    ? error
    : new SessionError("EXEC_RUNTIME_FAILED", errorText(error), { cause: error });
}
