import { isSessionError } from "../session/session-error.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { SessionService } from "../session/session-service.ts";

/** A session as inspect shows it. Null: it has been removed. */
export async function inspectIfThere(service: SessionService, id: string): Promise<SessionInspect | null> {
  try {
    return await service.inspect(id);
  } catch (error) {
    if (isSessionError(error) && error.code === "EXEC_SESSION_NOT_FOUND") return null;
    throw error;
  }
}
