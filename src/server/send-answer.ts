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
  const wire = toWireError(error);
  const status = statusOf(wire);
  if (CLOSING_CODES.has(wire.code)) response.setHeader("Connection", "close");
  if (Array.isArray(wire.details.allowed)) response.setHeader("Allow", wire.details.allowed.join(", "));
  // `cause` and `response` are where Podman's clients look.
  sendAnswer(response, { status, json: { ...wire, cause: wire.message, response: status } }, limits);
}

function statusOf({ code }: WireError): number {
  return errorCodes[code as ErrorCode].status;
}
