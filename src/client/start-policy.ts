import { SessionError, showValue } from "../session/session-error.ts";

const VARIABLE = "EXEC_SESSIONS_START_HOST";
/** For where a service manager or a container of its own runs the host. */
export const NEVER_START = `${VARIABLE}=never`;

/** Whether this process may start a session host where there is none, as its environment says. Unset: it may. */
export function mayStartHost(): boolean {
  const value = process.env[VARIABLE] ?? "";
  if (value === "" || value === "never") return value === "";
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `The environment variable ${VARIABLE} must be unset, empty or never; got ${showValue(value)}.`,
    { details: { field: VARIABLE } },
  );
}
