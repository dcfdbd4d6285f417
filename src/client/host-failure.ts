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

/** The error for an answer that the API does not allow. */
export function badAnswer(what: string, cause?: unknown): SessionError {
  return new SessionError("EXEC_BAD_ANSWER", `The session host answered ${what}.`, { cause });
}
