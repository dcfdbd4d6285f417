import { SessionError } from "../session/session-error.ts";
import { API_VERSION } from "./api-version.ts";
import { type WireError, wireErrorSchema } from "./wire-error.ts";

/**
 * What a connection is upgraded to that carries any number of calls at a time, a line each. A call costs less than half of
 * what it does in a request of its own, most of which is the HTTP of Node.js. The lines are checked by hand: so is every call.
 */
export const CALLS_PROTOCOL = `exec-session-calls/${API_VERSION}`;

/** A call's line is no longer: as much as a request may be, with its address and its JSON. */
export const MAX_CALL_BYTES = 16 * 1024 + 8 * 1024 * 1024;

/** The error for a call that is too large; a client does not even send it, since all other calls would end with it. */
export function callTooLarge(): SessionError {
  return new SessionError(
    "EXEC_REQUEST_TOO_LARGE",
    `A call must be no larger than ${MAX_CALL_BYTES} bytes, with its address and its JSON.`,
  );
}

/** A call. Until it has been answered it is known by its number, which its client chooses. */
export interface CallLine {
  readonly id: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** As JSON, not as a text. Absent: none. */
  readonly body?: unknown;
}

/** What a client says, a JSON text a line. `cancel`: nobody waits for that call any more. It is answered nevertheless. */
export type ClientLine = CallLine | { readonly cancel: number };

export interface AnswerLine {
  readonly id: number;
  readonly status: number;
  /** Absent: none. */
  readonly json?: unknown;
}

/**
 * What the host says, a JSON text a line. `retired`: the next calls are to be made on another connection; those under way
 * are still answered. `error`: the client has broken the rules; nothing follows.
 */
export type HostLine = AnswerLine | { readonly retired: true } | { readonly error: WireError };

/** Undefined: it is none. */
export function parseClientLine(text: string): ClientLine | undefined {
  const line = parseObject(text);
  const names = Object.keys(line);
  const { id, method, path, body, cancel } = line;
  if (names.length === 1 && isNumber(cancel)) return { cancel };
  if (!isNumber(id) || typeof method !== "string" || typeof path !== "string") return undefined;
  if (names.length !== ("body" in line ? 4 : 3)) return undefined;
  return { id, method, path, body };
}

/** Undefined: it is none. */
export function parseHostLine(text: string): HostLine | undefined {
  const { id, status, json, retired, error } = parseObject(text);
  if (isNumber(id) && isNumber(status)) return { id, status, json };
  if (retired === true) return { retired };
  const parsed = wireErrorSchema.safeParse(error);
  return parsed.success ? { error: parsed.data } : undefined;
}

/** Without what is asked for if it is no JSON object. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
