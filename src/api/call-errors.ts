import { type ErrorCode, errorCodes } from "../session/session-error.ts";
import type { ApiCall } from "./api-call.ts";

/** Every code that a call can be refused with, in the order of the table: what its form implies, and its own. */
export function errorsOf(call: ApiCall): readonly ErrorCode[] {
  const codes = new Set([
    ...ANY,
    ...(takesParameters(call) ? PARAMETERS : []),
    ...(call.body === undefined ? [] : BODY),
    ...(call.path.includes("{id}") ? SESSION : []),
    ...(call.path.includes("{container}") ? CONTAINER : []),
    ...(call.errors ?? []),
  ]);
  return ALL.filter((code) => codes.has(code));
}

const ALL = Object.keys(errorCodes) as ErrorCode[];

/** What can be wrong with any request, or with the host. */
const ANY: readonly ErrorCode[] = [
  "EXEC_BAD_REQUEST",
  "EXEC_API_VERSION",
  "EXEC_REQUEST_TIMEOUT",
  "EXEC_REQUEST_TOO_LARGE",
  "EXEC_HOST_ERROR",
  "EXEC_HOST_BUSY",
];
const PARAMETERS: readonly ErrorCode[] = ["EXEC_INVALID_ARGUMENT"];
const BODY: readonly ErrorCode[] = ["EXEC_UNSUPPORTED_MEDIA_TYPE"];
const SESSION: readonly ErrorCode[] = [
  "EXEC_INVALID_SESSION_ID",
  "EXEC_SESSION_NOT_FOUND",
  "EXEC_SESSION_AMBIGUOUS",
  "EXEC_WRONG_STATE",
  "EXEC_CLOSED",
];
const CONTAINER: readonly ErrorCode[] = [
  "EXEC_INVALID_CONTAINER_ID",
  "EXEC_CONTAINER_NOT_FOUND",
  "EXEC_CONTAINER_AMBIGUOUS",
  "EXEC_RUNTIME_NOT_FOUND",
  "EXEC_RUNTIME_NOT_EXECUTABLE",
  "EXEC_RUNTIME_FAILED",
];

/** Docker's clients may add any parameter to calls that have none of their own; to others nobody may. */
function takesParameters({ query }: ApiCall): boolean {
  return Object.keys(query.shape).length > 0 || !query.safeParse({ unknown: "" }).success;
}
