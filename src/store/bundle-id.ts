import { SessionError, showValue } from "../session/session-error.ts";
import { isSessionId } from "../session/session-id.ts";

/** Throws EXEC_INVALID_SESSION_ID for whatever must not become the name of a folder. */
export function assertSessionId(id: string): void {
  if (isSessionId(id)) return;
  throw new SessionError(
    "EXEC_INVALID_SESSION_ID",
    `A session's folder is named by its id of 64 lower-case hexadecimal digits; got ${showValue(id)}.`,
    { details: { sessionId: id } },
  );
}
