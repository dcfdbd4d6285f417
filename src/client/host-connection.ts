import { Agent, type ClientRequest, type IncomingMessage, request as openRequest } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { API_VERSION, API_VERSION_HEADER, assertSessionHostAnswered } from "../api/api-version.ts";
import { fromWireError, wireErrorSchema } from "../api/wire-error.ts";
import { SessionError } from "../session/session-error.ts";
import { badAnswer, brokenConnection } from "./host-failure.ts";

/** An idle connection is closed long before the host would, so that no call is sent on one that is just being closed. */
const IDLE_TIMEOUT_MS = 4_000;
/** Idle connections that are kept; a burst of calls opens more. */
const MAX_IDLE_CONNECTIONS = 8;
/** A list of a hundred thousand sessions is shorter. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

export interface HostRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Sent as it is. Absent: nothing is sent. */
  readonly body?: { readonly type: string; readonly data: Uint8Array };
  /** Whether the call may be made a second time if the connection breaks before its answer. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal;
}

/** A connection that has become something else than HTTP. */
export interface UpgradedConnection {
  readonly socket: Duplex;
  /** What had come already. */
  readonly head: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What came of a request: an answer, or an upgraded connection. */
type Outcome =
  | { readonly kind: "answer"; readonly response: IncomingMessage }
  | ({ readonly kind: "upgrade" } & UpgradedConnection);

/** Calls to one session host, over as many connections as they need. Everything that goes wrong becomes a SessionError. */
export class HostConnection {
  readonly #agent: Agent;
  /** Where the host is, for sentences. */
  readonly #place: string;
  #isClosed = false;

  constructor(place: string, connect: () => Promise<Socket>) {
    this.#place = place;
    this.#agent = new HostAgent(connect);
  }

  /** The answer's JSON; undefined if it has none. */
  async call(request: HostRequest): Promise<unknown> {
    const text = (await this.#readAll(await this.open(request))).toString();
    try {
      return text === "" ? undefined : JSON.parse(text);
    } catch (cause) {
      throw badAnswer(`${request.method} ${request.path} with what is no JSON`, cause);
    }
  }

  /** An answer that is read as it comes. */
  async open(request: HostRequest): Promise<IncomingMessage> {
    const outcome = await this.#send(request, {});
    if (outcome.kind === "answer") return this.#assertSuccess(outcome.response);
    outcome.socket.destroy();
    throw badAnswer(`${request.method} ${request.path} with an upgrade`);
  }

  /** A connection upgraded to a protocol. */
  async upgrade(request: HostRequest, protocol: string): Promise<UpgradedConnection> {
    const outcome = await this.#send(request, { Connection: "Upgrade", Upgrade: protocol });
    if (outcome.kind === "upgrade") return outcome;
    await this.#readAll(await this.#assertSuccess(outcome.response));
    throw badAnswer(`${request.method} ${request.path} without the upgrade`);
  }

  /** Breaks off every call; connections that have been upgraded are their users'. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The error for a call that broke off after its answer had begun. */
  failure(cause: unknown): SessionError {
    return brokenConnection(this.#place, cause, true);
  }

  /** Throws EXEC_CLOSED once it has been closed. */
  assertOpen(): void {
    if (this.#isClosed) throw new SessionError("EXEC_CLOSED", "The session client has been closed.");
  }

  async #send(request: HostRequest, headers: Readonly<Record<string, string>>): Promise<Outcome> {
    for (;;) {
      this.assertOpen();
      const attempt = new Attempt(this.#agent, request, headers);
      try {
        const outcome = await attempt.outcome;
        assertSessionHostAnswered(headersOf(outcome)[API_VERSION_HEADER]);
        return outcome;
      } catch (error) {
        attempt.abandon();
        this.assertOpen();
        if (request.signal?.aborted) throw request.signal.reason;
        if (request.isRepeatable && attempt.wasOnIdleConnection) continue;
        throw brokenConnection(this.#place, error, attempt.isSent);
      }
    }
  }

  /** Throws the host's error if the answer is one. */
  async #assertSuccess(response: IncomingMessage): Promise<IncomingMessage> {
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    const text = (await this.#readAll(response)).toString();
    const parsed = wireErrorSchema.safeParse(parseJson(text));
    if (parsed.success) throw fromWireError(parsed.data);
    throw badAnswer(`with status ${statusCode} and what is no error of its API`);
  }

  async #readAll(response: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) throw badAnswer(`with more than ${MAX_ANSWER_BYTES} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      this.assertOpen();
      throw this.failure(error);
    }
    return Buffer.concat(chunks);
  }
}

/** One request on one connection. */
class Attempt {
  readonly outcome: Promise<Outcome>;
  readonly #request: ClientRequest;
  #hasSocket = false;

  constructor(
    agent: Agent,
    { method, path, body, signal }: HostRequest,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#request = openRequest({
      agent,
      method,
      path,
      headers: {
        ...headers,
        [API_VERSION_HEADER]: String(API_VERSION),
        ...(body === undefined ? {} : { "Content-Type": body.type }),
        "Content-Length": body?.data.length ?? 0,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    this.outcome = new Promise((resolve, reject) => {
      this.#request.once("response", (response) => resolve({ kind: "answer", response }));
      this.#request.once("upgrade", ({ headers }, socket, head) =>
        resolve({ kind: "upgrade", socket, head, headers }),
      );
      this.#request.once("socket", () => {
        this.#hasSocket = true;
      });
      // Also after the answer: a connection may break while the rest of a request is still being sent.
      this.#request.on("error", reject);
    });
    this.#request.end(body?.data);
  }

  /** Whether the host may have got the request. */
  get isSent(): boolean {
    return this.#hasSocket;
  }

  /** The host may have closed an idle connection in the moment in which it was used again. */
  get wasOnIdleConnection(): boolean {
    return this.#request.reusedSocket;
  }

  /** Nobody reads the answer. */
  abandon(): void {
    this.#request.destroy();
    this.#request.socket?.destroy();
  }
}

/** Keeps connections for the next call. They keep no process alive while they are idle. */
class HostAgent extends Agent {
  readonly #connect: () => Promise<Socket>;

  constructor(connect: () => Promise<Socket>) {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS, timeout: IDLE_TIMEOUT_MS });
    this.#connect = connect;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#connect().then(
      (socket) => callback?.(null, socket),
      // Node's own agent gives no stream either when there is none.
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
  }
}

function headersOf(outcome: Outcome): UpgradedConnection["headers"] {
  return outcome.kind === "answer" ? outcome.response.headers : outcome.headers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it.
    return undefined;
  }
}
