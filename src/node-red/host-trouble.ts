import { type ErrorCode, isSessionError } from "../session/session-error.ts";

/** What says that whoever keeps a session cannot be asked now, and nothing of the session itself. */
const CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "EXEC_HOST_UNREACHABLE",
  "EXEC_HOST_BUSY",
  "EXEC_HOST_ERROR",
  "EXEC_BAD_ANSWER",
  "EXEC_API_VERSION",
  "EXEC_SOCKET_UNUSABLE",
  "EXEC_STATE_DIR_UNUSABLE",
  "EXEC_STATE_DIR_IN_USE",
  "EXEC_STATE_DIR_LOST",
  "EXEC_CLOSED",
]);

/** Whether it makes sense to ask again later. */
export function isHostTrouble(error: unknown): boolean {
  return isSessionError(error) && CODES.has(error.code);
}

/** Whether a call broke off that the session host may have obeyed all the same. */
export function mayHaveBeenObeyed(error: unknown): boolean {
  return isSessionError(error) && error.code === "EXEC_HOST_UNREACHABLE" && error.details.isSent === true;
}
