import { SessionError, showValue } from "./session-error.ts";

/** What crun, runc, Podman and Docker all accept as an id or a name; it can be no option and no path. */
const CONTAINER_ID = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]*$/;

/** Longer than any file name a runtime could keep its state under. */
const MAX_CONTAINER_ID_LENGTH = 255;

/** Takes a container's id or name; throws EXEC_INVALID_CONTAINER_ID otherwise. */
export function parseContainerId(raw: unknown): string {
  if (typeof raw === "string" && raw.length <= MAX_CONTAINER_ID_LENGTH && CONTAINER_ID.test(raw)) return raw;
  throw new SessionError(
    "EXEC_INVALID_CONTAINER_ID",
    `A container id must be 1 to ${MAX_CONTAINER_ID_LENGTH} letters, digits and _ . + -, the first a letter or digit; got ${showValue(raw)}.`,
  );
}
