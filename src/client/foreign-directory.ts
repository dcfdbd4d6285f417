import { statSync } from "node:fs";
import { isErrno } from "../process/errno.ts";
import { isSessionError, SessionError } from "../session/session-error.ts";

/** What to throw where something failed in a state directory: that it is another user's, if the system refused us for that. */
export function explainRefusal(stateDir: string, error: unknown): unknown {
  const cause = isSessionError(error) ? error.cause : error;
  if (!isErrno(cause, "EACCES") && !isErrno(cause, "EPERM")) return error;
  const owner = ownerOf(stateDir);
  const user = process.geteuid?.();
  if (owner === undefined || owner === user) return error;
  return new SessionError(
    "EXEC_STATE_DIR_UNUSABLE",
    `The state directory ${stateDir} belongs to user ${owner}; user ${user}, who runs this process, may not use it.`,
    { details: { directory: stateDir, owner, errno: "EACCES" }, cause },
  );
}

/** Undefined: not even that may be seen. */
function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}
