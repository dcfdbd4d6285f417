import { errorText, isSessionError, SessionError } from "../session/session-error.ts";

/**
 * The error for a call whose connection could not be made or broke. `isSent`: the host may have got it, and may have done
 * what it asks. An error that has a code already stays as it is.
 */
export function brokenConnection(place: string, cause: unknown, isSent: boolean): SessionError {
  if (isSessionError(cause)) return cause;
  const sentence = isSent
    ? `The connection to the session host at ${place} broke before it had answered: ${errorText(cause)}.`
    : `The session host at ${place} cannot be reached: ${errorText(cause)}.`;
  return new SessionError("EXEC_HOST_UNREACHABLE", sentence, { details: { isSent }, cause });
}

/** The error for an answer that goes on until its caller has enough, and broke off: a Unix socket breaks with its host. */
export function hostEnded(place: string, cause: unknown): SessionError {
  if (isSessionError(cause)) return cause;
  return new SessionError(
    "EXEC_HOST_UNREACHABLE",
    `The session host at ${place} has ended; no more events come from it.`,
    { details: { isSent: true }, cause },
  );
}

/** The error for an answer that the API does not allow. */
export function badAnswer(what: string, cause?: unknown): SessionError {
  return new SessionError("EXEC_BAD_ANSWER", `The session host answered ${what}.`, { cause });
}
