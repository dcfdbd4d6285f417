import type { Duplex } from "node:stream";
import { API_VERSION, API_VERSION_HEADER } from "../api/api-version.ts";
import { http } from "../api/node-http.ts";
import { toWireError } from "../api/wire-error.ts";
import { SessionError } from "../session/session-error.ts";
import type { ServerLimits } from "./server-limits.ts";

/** Addresses have ids, names and a few options. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** Answers, without HTTP's help, bytes that are no HTTP, or too many, or too few in time; then ends the connection. */
export function refuseBytes(socket: Duplex, cause: NodeJS.ErrnoException, limits: ServerLimits): void {
  const error = toSessionError(cause, limits);
  const body = JSON.stringify(toWireError(error));
  const head = [
    `HTTP/1.1 ${error.status} ${http.STATUS_CODES[error.status]}`,
    `${API_VERSION_HEADER}: ${API_VERSION}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function toSessionError(cause: NodeJS.ErrnoException, { headersTimeoutMs }: ServerLimits): SessionError {
  switch (cause.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new SessionError(
        "EXEC_REQUEST_TIMEOUT",
        `No whole request came within ${headersTimeoutMs / 1000} s.`,
      );
    case "HPE_HEADER_OVERFLOW":
      return new SessionError(
        "EXEC_REQUEST_TOO_LARGE",
        `The request's address and headers must be no larger than ${MAX_HEADER_BYTES} bytes.`,
      );
    default:
      return new SessionError("EXEC_BAD_REQUEST", `The request is no HTTP: ${cause.message}.`, { cause });
  }
}
