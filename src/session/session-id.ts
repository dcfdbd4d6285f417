import { randomFillSync } from "node:crypto";
import { SessionError, showValue } from "./session-error.ts";

/** 64 hexadecimal digits, as Podman and Docker name exec sessions. */
const ID_BYTES = 32;
const ID_LENGTH = ID_BYTES * 2;
const PREFIX = /^[0-9a-f]{1,64}$/;

/** Random bytes are made for so many ids at once, since it is the making that takes time, 0.05 ms, and not the bytes. */
const IDS_AT_ONCE = 64;
const stock = Buffer.alloc(IDS_AT_ONCE * ID_BYTES);
let used = stock.length;

export function createSessionId(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += ID_BYTES;
  return stock.toString("hex", used - ID_BYTES, used);
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
