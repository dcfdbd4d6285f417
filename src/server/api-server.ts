import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { API_VERSION, API_VERSION_HEADER, assertApiVersionSpoken } from "../api/api-version.ts";
import { toWireError } from "../api/wire-error.ts";
import {
  type ErrorCode,
  errorCodes,
  errorText,
  isSessionError,
  SessionError,
} from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import { type Caller, findRoute, isFromOwnClient, parseAddress, type Route } from "./api-route.ts";
import type { ContainerDirectory } from "./container-directory.ts";
import { type Exchange, openUpgradeExchange } from "./exchange.ts";
import { createHostInfo } from "./host-info.ts";
import { hostRoutes } from "./host-routes.ts";
import { rememberHttpListeners } from "./http-listeners.ts";
import { listenOnSocket } from "./listen-on-socket.ts";
import { sendAnswer, sendError } from "./send-answer.ts";
import { sessionRoutes } from "./session-routes.ts";
import { streamRoutes } from "./stream-routes.ts";

/** Enough for hundreds of sessions with several readers each; one costs about 30 kB. */
export const DEFAULT_MAX_CONNECTIONS = 2048;
/** Connections over the limit that are told so; beyond them a flood is not worth an answer. */
const REFUSED_CONNECTIONS = 256;
/** A client on the same machine sends its headers within milliseconds; one that says nothing is not waited for. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often connections are looked at for that. */
const CHECK_INTERVAL_MS = 1_000;
/** Much longer than our clients keep an idle connection, so that they never use one that is just being closed. */
const KEEP_ALIVE_MS = 60_000;
/** Addresses have ids, names and a few options. */
const MAX_HEADER_BYTES = 16 * 1024;

export interface ApiServerOptions {
  readonly containers: ContainerDirectory;
  /** The version of this package, for whoever asks. */
  readonly packageVersion: string;
  /** Told, in one sentence each, what no caller is told. */
  readonly report: (sentence: string) => void;
  /** Told whenever a client connects or leaves, with how many are there. */
  readonly onConnections?: (count: number) => void;
  /** Absent: {@link DEFAULT_MAX_CONNECTIONS}. */
  readonly maxConnections?: number;
}

/** The API on its socket. */
export interface ApiServer {
  /** Begins to take calls on a Unix socket. Throws EXEC_SOCKET_UNUSABLE. */
  listen(socketPath: string): Promise<void>;
  /** How many clients are connected, idle ones too. */
  readonly connectionCount: number;
  /** Takes no more calls and ends every connection; sessions go on. */
  close(): Promise<void>;
}

/** Gives a session service to other processes. The service stays its owner's: closing the server does not close it. */
export function createApiServer(service: SessionService, options: ApiServerOptions): ApiServer {
  return new HttpApiServer(service, options);
}

class HttpApiServer implements ApiServer {
  readonly #options: ApiServerOptions;
  readonly #routes: readonly Route[];
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  /** Connections over the limit. */
  readonly #refused = new WeakSet<Duplex>();
  /** Connections on which a call is being answered. */
  readonly #busy = new WeakSet<Duplex>();

  constructor(service: SessionService, options: ApiServerOptions) {
    this.#options = options;
    const context = { service, containers: options.containers, report: options.report };
    const info = createHostInfo(options.packageVersion);
    this.#routes = [...hostRoutes(context, info), ...sessionRoutes(context), ...streamRoutes(context)];
    this.#server = this.#createServer();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  listen(socketPath: string): Promise<void> {
    return listenOnSocket(this.#server, socketPath);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  #createServer(): Server {
    const server = createServer({
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // A call may wait for a session's end, and its input for the command: bodies have a limit of their own.
      requestTimeout: 0,
      // Nothing depends on a host's name on a Unix socket, and some clients send none.
      requireHostHeader: false,
    });
    server.maxConnections = this.#maxConnections + REFUSED_CONNECTIONS;
    server.on("connection", (socket: Socket) => this.#connect(socket));
    server.on("request", (request, response) => void this.#serve({ request, response, upgrade: undefined }));
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#serve(openUpgradeExchange(request, socket, head)),
    );
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) =>
      this.#refuseBytes(error, socket),
    );
    return server;
  }

  get #maxConnections(): number {
    return this.#options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  }

  #connect(socket: Socket): void {
    rememberHttpListeners(socket);
    if (this.#connections.size >= this.#maxConnections) this.#refused.add(socket);
    this.#connections.add(socket);
    this.#options.onConnections?.(this.#connections.size);
    socket.once("close", () => {
      this.#connections.delete(socket);
      this.#options.onConnections?.(this.#connections.size);
    });
  }

  /** Answers one call, whatever happens. */
  async #serve(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    this.#busy.add(request.socket);
    response.once("close", () => this.#busy.delete(request.socket));
    response.setHeader(API_VERSION_HEADER, String(API_VERSION));
    try {
      const answer = await this.#answer(exchange);
      if (typeof answer === "function") await answer(exchange);
      else sendAnswer(response, answer);
    } catch (error) {
      if (!isSessionError(error)) {
        this.#options.report(`${request.method} ${request.url} failed: ${errorText(error)}`);
      }
      sendError(response, error);
    }
  }

  #answer(exchange: Exchange): ReturnType<Route["answer"]> {
    const { request } = exchange;
    if (this.#refused.has(request.socket)) throw tooMany(this.#maxConnections);
    assertApiVersionSpoken(request.headers[API_VERSION_HEADER]);
    const { path, query, ...dialect } = parseAddress(request.url ?? "");
    const { route, parameters } = findRoute(this.#routes, request.method ?? "", path);
    const isOwnClient = isFromOwnClient(exchange);
    const from: Caller = { ...dialect, isOwnClient, exchange, gone: goneSignal(exchange) };
    return route.answer({ parameters, query, from });
  }

  /** Answers bytes that are no HTTP, or too many, or too few in time; if a call is being answered, it just ends. */
  #refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (!socket.writable || this.#busy.has(socket)) {
      socket.destroy();
      return;
    }
    const wire = toWireError(parserError(error));
    const { status } = errorCodes[wire.code as ErrorCode];
    const body = JSON.stringify(wire);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `${API_VERSION_HEADER}: ${API_VERSION}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  }
}

function goneSignal({ response }: Exchange): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

function tooMany(maxConnections: number): SessionError {
  return new SessionError(
    "EXEC_HOST_BUSY",
    `The session host has ${maxConnections} connections, and allows no more.`,
    { details: { maxConnections } },
  );
}

function parserError(error: NodeJS.ErrnoException): SessionError {
  switch (error.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new SessionError(
        "EXEC_REQUEST_TIMEOUT",
        `No whole request came within ${HEADERS_TIMEOUT_MS / 1000} s.`,
      );
    case "HPE_HEADER_OVERFLOW":
      return new SessionError(
        "EXEC_REQUEST_TOO_LARGE",
        `The request's address and headers must be no larger than ${MAX_HEADER_BYTES} bytes.`,
      );
    default:
      return new SessionError("EXEC_BAD_REQUEST", `The request is no HTTP: ${error.message}.`);
  }
}
