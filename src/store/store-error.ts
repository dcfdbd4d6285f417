import { getSystemErrorMap } from "node:util";
import { ownPidNamespace } from "../process/process-identity.ts";
import { type ErrorCode, errorText, SessionError } from "../session/session-error.ts";

/** The error for a session whose files the system would not let us change. `doing` is a verb as in "save the record of". */
export function storeFailed(doing: string, id: string, path: string, cause: unknown): SessionError {
  return new SessionError(
    "EXEC_STORE_FAILED",
    `Cannot ${doing} session ${shortId(id)} (${path}): ${systemReason(cause)}.`,
    { details: { sessionId: id, path, errno: systemCode(cause) }, cause },
  );
}

/** The error for a state directory that cannot be used at all. */
export function stateDirUnusable(directory: string, cause: unknown): SessionError {
  return new SessionError(
    "EXEC_STATE_DIR_UNUSABLE",
    `The state directory ${directory} cannot be created, read or written: ${systemReason(cause)}.`,
    { details: { directory, errno: systemCode(cause) }, cause },
  );
}

/** The error for a write while there is no state directory any more. */
export function stateDirDeleted(directory: string): SessionError {
  return new SessionError(
    "EXEC_STORE_FAILED",
    `The state directory ${directory} has been deleted; nothing can be saved until it is made again.`,
    { details: { directory, errno: "ENOENT" } },
  );
}

/** The error for a change to a session that has no record: it was never created, or has been removed. */
export function noSuchSession(id: string): SessionError {
  return new SessionError(
    "EXEC_SESSION_NOT_FOUND",
    `There is no session ${shortId(id)} to save; it may have been removed.`,
    { details: { sessionId: id } },
  );
}

/** The error for a second session of one id. */
export function sessionExists(id: string): SessionError {
  return new SessionError("EXEC_STORE_FAILED", `There is a session ${shortId(id)} already.`, {
    details: { sessionId: id, errno: "EEXIST" },
  });
}

/** The error for a store that is not open, or no longer. */
export function storeClosed(): SessionError {
  return new SessionError("EXEC_CLOSED", "The session store is not open.");
}

/** The error for a state directory that another process owns, or this one owns already. */
export function stateDirInUse(directory: string, owner: Owner | null): SessionError {
  return ownedByOther(
    "EXEC_STATE_DIR_IN_USE",
    `The state directory ${directory} is in use by`,
    directory,
    owner,
  );
}

/** The error for every write after another process has taken the state directory over. */
export function stateDirLost(directory: string, owner: Owner | null): SessionError {
  return ownedByOther(
    "EXEC_STATE_DIR_LOST",
    `The state directory ${directory} has been taken over by`,
    directory,
    owner,
  );
}

/** As much of an owner as a sentence says. */
export interface Owner {
  readonly pid: number;
  readonly hostname: string;
  /** In which its pid is one. */
  readonly pidNamespace: string;
}

/** The system's name of an error, such as ENOSPC; undefined if the error is not the system's. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function ownedByOther(
  code: ErrorCode,
  sentence: string,
  directory: string,
  owner: Owner | null,
): SessionError {
  const details = { directory, pid: owner?.pid ?? null };
  return new SessionError(code, `${sentence} ${showOwner(owner)}.`, { details });
}

/** A container's host name is its id, unless it has been given one. */
function showOwner(owner: Owner | null): string {
  if (owner === null) return "another process";
  const { pid, hostname, pidNamespace } = owner;
  const isNear = pidNamespace === ownPidNamespace();
  if (!isNear) return `a process of another container or machine (host name ${hostname}, there pid ${pid})`;
  return pid === process.pid ? `this process already (pid ${pid})` : `process ${pid}`;
}

/** The system's words for an error, without the call and the path: `no space left on device (ENOSPC)`. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  const text = code === undefined ? undefined : systemTexts.get(code);
  return text === undefined ? errorText(error) : `${text} (${code})`;
}

/** As many digits as lists show. A legacy id may be anything, so it is cut, too. */
function shortId(id: string): string {
  return id.slice(0, 12);
}

const systemTexts = new Map<string, string>(getSystemErrorMap().values());
