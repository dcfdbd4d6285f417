import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { API_VERSION_HEADER } from "../api/api-version.ts";
import { http } from "../api/node-http.ts";
import { leaveHttp } from "./http-listeners.ts";

/** One request, and the way back. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** Answers in HTTP, also where an upgrade was asked for. */
  readonly response: ServerResponse;
  /** Undefined: the request asks for no upgrade. */
  readonly upgrade: Upgrade | undefined;
  /** How long the request's JSON may take. */
  readonly bodyTimeoutMs: number;
}

/** What a request asks its connection to become. */
export interface Upgrade {
  /** In lower case. */
  readonly protocol: string;
  readonly socket: Duplex;
}

/** An upgrade request as Node gives it. */
export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What has come after the headers. */
  readonly head: Buffer;
  readonly bodyTimeoutMs: number;
}

type ResponseSocket = Parameters<ServerResponse["assignSocket"]>[0];

/** The exchange of a request that asks for an upgrade, so that refusing it is answering in HTTP. */
export function openUpgradeExchange({ request, socket, head, bodyTimeoutMs }: UpgradeRequest): Exchange {
  const response = new http.ServerResponse(request);
  response.shouldKeepAlive = false;
  // A response takes any duplex stream; only its type says otherwise.
  response.assignSocket(socket as ResponseSocket);
  response.once("finish", () => socket.end(() => socket.destroy()));
  ignoreErrors(socket);
  if (head.length > 0) socket.unshift(head);
  const protocol = (request.headers.upgrade ?? "").toLowerCase();
  return { request, response, upgrade: { protocol, socket }, bodyTimeoutMs };
}

/**
 * Leaves HTTP: after the answer's head the connection carries nothing but a protocol's bytes. If no upgrade was asked
 * for, it does so after an ordinary 200, as Docker's engine does and Podman's clients expect.
 */
export function takeOver(
  { request, response, upgrade }: Exchange,
  headers: Readonly<Record<string, string>>,
): Duplex {
  const socket = upgrade?.socket ?? request.socket;
  response.detachSocket(socket as ResponseSocket);
  if (upgrade === undefined) {
    leaveHttp(request.socket);
    ignoreErrors(socket);
  }
  const [status, connection] =
    upgrade === undefined
      ? ["200 OK", { Connection: "close" }]
      : ["101 UPGRADED", { Connection: "Upgrade", Upgrade: upgrade.protocol }];
  const version = { [API_VERSION_HEADER]: String(response.getHeader(API_VERSION_HEADER)) };
  const lines = Object.entries({ ...headers, ...connection, ...version });
  socket.write(`HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  return socket;
}

/** "close" follows every error, and is what everybody listens to. */
function ignoreErrors(socket: Duplex): void {
  socket.on("error", () => {});
}
