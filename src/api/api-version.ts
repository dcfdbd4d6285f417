import { SessionError, showValue } from "../session/session-error.ts";

/** The version of the API as this package speaks it. What an older other end would get wrong makes the next number. */
export const API_VERSION = 1;
/** The oldest version that this package still speaks. */
export const OLDEST_API_VERSION = 1;

/**
 * Names the version that a request or an answer is in. Our clients send it with every request; a request without it is a
 * Docker or Podman client's. A session host sends it with every answer, so that nothing else is taken for one.
 */
export const API_VERSION_HEADER = "exec-sessions-api";

/** Throws EXEC_API_VERSION unless a request's header is absent or names a version that this end speaks. */
export function assertApiVersionSpoken(header: string | string[] | undefined): void {
  if (header === undefined || isSpoken(header)) return;
  throw new SessionError(
    "EXEC_API_VERSION",
    `This session host speaks version ${OLDEST_API_VERSION} to ${API_VERSION} of its API; the request is in version ${showValue(header)}.`,
    { details: { oldest: OLDEST_API_VERSION, newest: API_VERSION } },
  );
}

/** Throws EXEC_BAD_ANSWER unless an answer's header shows that a session host gave it, in a version this end speaks. */
export function assertSessionHostAnswered(header: string | string[] | undefined): void {
  if (header !== undefined && isSpoken(header)) return;
  throw new SessionError(
    "EXEC_BAD_ANSWER",
    header === undefined
      ? "What answered on the socket is no session host."
      : `The session host answered in version ${showValue(header)} of the API, which was not asked for.`,
  );
}

function isSpoken(header: string | string[]): boolean {
  const version = Number(header);
  return Number.isInteger(version) && version >= OLDEST_API_VERSION && version <= API_VERSION;
}
