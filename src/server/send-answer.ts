import type { IncomingMessage, ServerResponse } from "node:http";
import { toWireError, type WireError } from "../api/wire-error.ts";
import { type ErrorCode, errorCodes } from "../session/session-error.ts";
import type { ServerLimits } from "./server-limits.ts";

/** After these the rest of the request is not waited for either. */
const CLOSING_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "EXEC_REQUEST_TIMEOUT",
  "EXEC_REQUEST_TOO_LARGE",
  "EXEC_HOST_BUSY",
]);

/** Answers with a status and maybe JSON. A client that takes nothing of it for the time-out is not waited for. */
export function sendAnswer(
  response: ServerResponse<IncomingMessage>,
  { status, json }: { readonly status: number; readonly json?: unknown },
  { sendTimeoutMs }: Pick<ServerLimits, "sendTimeoutMs">,
): void {
  response.statusCode = status;
  if (json === undefined) {
    response.removeHeader("Content-Type");
    response.end();
    return;
  }
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(json));
  if (response.writableLength > 0) response.setTimeout(sendTimeoutMs, () => response.destroy());
}

/** Answers with an error; if the answer has begun already, only the end of the connection can tell. */
export function sendError(
  response: ServerResponse<IncomingMessage>,
  error: unknown,
  limits: Pick<ServerLimits, "sendTimeoutMs">,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, json } = toErrorAnswer(error);
  if (CLOSING_CODES.has(json.code)) response.setHeader("Connection", "close");
  if (Array.isArray(json.details.allowed)) response.setHeader("Allow", json.details.allowed.join(", "));
  // `cause` and `response` are where Podman's clients look.
  sendAnswer(response, { status, json: { ...json, cause: json.message, response: status } }, limits);
}

/** The answer that tells an error. */
export function toErrorAnswer(error: unknown): { readonly status: number; readonly json: WireError } {
  const json = toWireError(error);
  return { status: errorCodes[json.code as ErrorCode].status, json };
}
