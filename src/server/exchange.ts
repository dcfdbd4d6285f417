import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { API_VERSION_HEADER } from "../api/api-version.ts";

/** One request, and the way back. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** Answers in HTTP, also where an upgrade was asked for. */
  readonly response: ServerResponse;
  /** Undefined: the request asks for no upgrade. */
  readonly upgrade: Upgrade | undefined;
}

/** What a request asks its connection to become. */
export interface Upgrade {
  /** In lower case. */
  readonly protocol: string;
  readonly socket: Duplex;
}

/** The exchange of a request that asks for an upgrade, so that refusing it is answering in HTTP. */
export function openUpgradeExchange(request: IncomingMessage, socket: Duplex, head: Buffer): Exchange {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // A response takes any duplex stream; only its type says otherwise.
  response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
  response.once("finish", () => socket.end(() => socket.destroy()));
  // "close" follows every error, and is what everybody listens to.
  socket.on("error", () => {});
  if (head.length > 0) socket.unshift(head);
  return { request, response, upgrade: { protocol: (request.headers.upgrade ?? "").toLowerCase(), socket } };
}

/** Leaves HTTP: from here on the connection carries nothing but the protocol's bytes. */
export function takeOver(
  { response }: Exchange,
  { protocol, socket }: Upgrade,
  headers: Readonly<Record<string, string>> = {},
): Duplex {
  response.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
  const lines = Object.entries({
    ...headers,
    Connection: "Upgrade",
    Upgrade: protocol,
    [API_VERSION_HEADER]: String(response.getHeader(API_VERSION_HEADER)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 101 UPGRADED\r\n${lines.join("")}\r\n`);
  return socket;
}
