import { randomBytes } from "node:crypto";
import { SessionError, showValue } from "./session-error.ts";

/** 64 hexadecimal digits, as Podman and Docker name exec sessions. */
const ID_BYTES = 32;
const ID_LENGTH = ID_BYTES * 2;
const PREFIX = /^[0-9a-f]{1,64}$/;

export function createSessionId(): string {
  return randomBytes(ID_BYTES).toString("hex");
}

export function isSessionId(value: string): boolean {
  return value.length === ID_LENGTH && PREFIX.test(value);
}

/** Takes an id or the beginning of one; throws EXEC_INVALID_SESSION_ID for anything else. */
export function parseSessionIdPrefix(raw: unknown): string {
  if (typeof raw === "string" && PREFIX.test(raw)) return raw;
  throw new SessionError(
    "EXEC_INVALID_SESSION_ID",
    `A session id must be 1 to 64 lower-case hexadecimal digits; got ${showValue(raw)}.`,
  );
}
