import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { API_VERSION, API_VERSION_HEADER, assertApiVersionSpoken } from "../api/api-version.ts";
import { http } from "../api/node-http.ts";
import { SessionError } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import { type Answer, isFromOwnClient } from "./api-route.ts";
import { ApiRouter } from "./api-router.ts";
import { CallChannel } from "./call-channel.ts";
import type { ContainerDirectory } from "./container-directory.ts";
import { type Exchange, openUpgradeExchange } from "./exchange.ts";
import { createHostInfo } from "./host-info.ts";
import { hostRoutes } from "./host-routes.ts";
import { rememberHttpListeners } from "./http-listeners.ts";
import { listenOnSocket } from "./listen-on-socket.ts";
import { MAX_HEADER_BYTES, refuseBytes } from "./refuse-bytes.ts";
import { readJson } from "./request-body.ts";
import { sendAnswer, sendError } from "./send-answer.ts";
import { DEFAULT_LIMITS, REFUSED_PART, type ServerLimits } from "./server-limits.ts";
import { sessionRoutes } from "./session-routes.ts";
import { streamRoutes } from "./stream-routes.ts";

/** Connections that take too long are found within this part of the time that they have. */
const CHECKS_PER_TIMEOUT = 10;
/** Much longer than our clients keep an idle connection, so that they never use one that is just being closed. */
const KEEP_ALIVE_MS = 60_000;

export interface ApiServerOptions {
  readonly containers: ContainerDirectory;
  /** The version of this package, for whoever asks. */
  readonly packageVersion: string;
  /** Told, in one sentence each, what no caller is told. */
  readonly report: (sentence: string) => void;
  /** Told whenever a client connects or leaves, with how many are there. */
  readonly onConnections?: (count: number) => void;
  /** What is absent is as in DEFAULT_LIMITS. */
  readonly limits?: Partial<ServerLimits>;
}

/** The API on its socket. */
export interface ApiServer {
  /**
   * Begins to take calls on a Unix socket, of this process's user or another's; on one more, if it is called again. Throws
   * EXEC_SOCKET_UNUSABLE.
   */
  listen(socketPath: string, user?: number | null): Promise<void>;
  /** How many clients are connected, idle ones too. */
  readonly connectionCount: number;
  /** Ends every connection with the call that it is used for, so that clients connect anew, to whoever listens then. */
  retire(): void;
  /** Takes no more calls and ends every connection; sessions go on. */
  close(): Promise<void>;
}

/** Gives a session service to other processes. The service stays its owner's: closing the server does not close it. */
export function createApiServer(service: SessionService, options: ApiServerOptions): ApiServer {
  return new HttpApiServer(service, options);
}

class HttpApiServer implements ApiServer {
  readonly #options: ApiServerOptions;
  readonly #limits: ServerLimits;
  readonly #router: ApiRouter;
  /** One for each socket. */
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Socket>();
  /** Connections over the limit. */
  readonly #refused = new WeakSet<Duplex>();
  /** Connections on which a call is being answered. */
  readonly #busy = new WeakSet<Duplex>();
  readonly #channels = new Set<CallChannel>();
  #isRetired = false;

  constructor(service: SessionService, options: ApiServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const context = {
      service,
      containers: options.containers,
      report: options.report,
      openCalls: (socket: Duplex) => this.#openCalls(socket),
    };
    const info = createHostInfo(options.packageVersion);
    const routes = [...hostRoutes(context, info), ...sessionRoutes(context), ...streamRoutes(context)];
    this.#router = new ApiRouter(routes, options.report);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  async listen(socketPath: string, user: number | null = null): Promise<void> {
    const server = this.#createServer();
    await listenOnSocket(server, socketPath, user);
    this.#servers.push(server);
  }

  retire(): void {
    this.#isRetired = true;
    for (const server of this.#servers) server.closeIdleConnections();
    for (const channel of this.#channels) channel.retire();
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#connections) socket.destroy();
    await Promise.all(closed);
  }

  #createServer(): Server {
    const { headersTimeoutMs, bodyTimeoutMs, maxConnections } = this.#limits;
    const server = http.createServer({
      connectionsCheckingInterval: headersTimeoutMs / CHECKS_PER_TIMEOUT,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // A call may wait for a session's end, and its input for the command: bodies have a limit of their own.
      requestTimeout: 0,
      // Nothing depends on a host's name on a Unix socket, and some clients send none.
      requireHostHeader: false,
    });
    // Those over the limit are told so; beyond that a flood is not worth an answer.
    server.maxConnections = maxConnections + Math.ceil(maxConnections / REFUSED_PART);
    server.on("connection", (socket: Socket) => this.#connect(socket));
    server.on(
      "request",
      (request, response) => void this.#serve({ request, response, upgrade: undefined, bodyTimeoutMs }),
    );
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#serve(openUpgradeExchange({ request, socket, head, bodyTimeoutMs })),
    );
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) =>
      this.#refuseBytes(error, socket),
    );
    return server;
  }

  #connect(socket: Socket): void {
    rememberHttpListeners(socket);
    if (this.#connections.size >= this.#limits.maxConnections) this.#refused.add(socket);
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
    // A connection has one call at a time: the answers to many would pile up in memory while nobody reads them.
    if (this.#busy.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    this.#busy.add(request.socket);
    response.once("close", () => this.#busy.delete(request.socket));
    response.setHeader(API_VERSION_HEADER, String(API_VERSION));
    if (this.#isRetired) response.shouldKeepAlive = false;
    const gone = goneSignal(exchange);
    try {
      const answer = await this.#answer(exchange, gone);
      if (typeof answer === "function") await answer(exchange);
      else sendAnswer(response, answer, this.#limits);
    } catch (error) {
      this.#router.reportFault(request, error, gone);
      sendError(response, error, this.#limits);
    }
  }

  #answer(exchange: Exchange, gone: AbortSignal): Promise<Answer> {
    const { request } = exchange;
    if (this.#refused.has(request.socket)) throw tooMany(this.#limits);
    assertApiVersionSpoken(request.headers[API_VERSION_HEADER]);
    const isOwnClient = isFromOwnClient(exchange);
    return this.#router.answer(request, { isOwnClient, exchange, gone }, () => readJson(exchange));
  }

  #openCalls(socket: Duplex): void {
    const channel = new CallChannel(socket, {
      answer: (call, gone) => this.#router.answerLine(call, gone),
      maxCalls: this.#limits.maxConnections,
      lineTimeoutMs: this.#limits.bodyTimeoutMs,
      idleTimeoutMs: KEEP_ALIVE_MS,
    });
    this.#channels.add(channel);
    socket.once("close", () => this.#channels.delete(channel));
    if (this.#isRetired) channel.retire();
  }

  /** If a call is being answered, an answer to what came after it would garble that one. */
  #refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (socket.writable && !this.#busy.has(socket)) refuseBytes(socket, error, this.#limits);
    else socket.destroy();
  }
}

function goneSignal({ response }: Exchange): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

function tooMany({ maxConnections }: ServerLimits): SessionError {
  return new SessionError(
    "EXEC_HOST_BUSY",
    `The session host has ${maxConnections} connections, and allows no more.`,
    { details: { maxConnections } },
  );
}
