import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { API_VERSION_HEADER, assertSessionHostAnswered } from "../api/api-version.ts";
import { fromWireError, wireErrorSchema } from "../api/wire-error.ts";
import { SessionError } from "../session/session-error.ts";
import { askAgainIfBroken } from "./ask-again.ts";
import { HostAgent } from "./host-agent.ts";
import { badAnswer, brokenConnection } from "./host-failure.ts";
import { Attempt, type HostRequest, type Outcome, type UpgradedConnection } from "./host-request.ts";

/** A list of a hundred thousand sessions is shorter. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

/** Calls to one session host, over as many connections as they need. Everything that goes wrong becomes a SessionError. */
export class HostConnection {
  /** Where the host is, for sentences. */
  readonly place: string;
  readonly #agent: HostAgent;
  #isClosed = false;

  constructor(place: string, connect: () => Promise<Socket>) {
    this.place = place;
    this.#agent = new HostAgent(connect);
  }

  /** The answer's JSON; undefined if it has none. */
  async call(request: HostRequest): Promise<unknown> {
    const text = await this.#readAll(await this.open(request), request);
    try {
      return text === "" ? undefined : JSON.parse(text);
    } catch (cause) {
      throw badAnswer(`${request.method} ${request.path} with what is no JSON`, cause);
    }
  }

  /** An answer that is read as it comes. */
  async open(request: HostRequest): Promise<IncomingMessage> {
    const send = () => this.#send(request, {});
    const outcome = await (request.method === "GET" ? askAgainIfBroken(send) : send());
    if (outcome.kind === "answer") return this.#assertSuccess(outcome.response, request);
    outcome.socket.destroy();
    throw badAnswer(`${request.method} ${request.path} with an upgrade`);
  }

  /** A connection upgraded to a protocol. */
  async upgrade(request: HostRequest, protocol: string): Promise<UpgradedConnection> {
    const outcome = await this.#send(request, { Connection: "Upgrade", Upgrade: protocol });
    if (outcome.kind === "upgrade") return outcome;
    await this.#readAll(await this.#assertSuccess(outcome.response, request), request);
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

  /** Throws EXEC_CLOSED once it has been closed. */
  assertOpen(): void {
    if (this.#isClosed) throw closed();
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
        const isOver = this.#isClosed || request.signal?.aborted;
        if (!isOver && request.isRepeatable && attempt.wasOnIdleConnection) continue;
        throw this.#reasonFor(error, request, attempt.isSent);
      }
    }
  }

  /** Throws the host's error if the answer is one. */
  async #assertSuccess(response: IncomingMessage, request: HostRequest): Promise<IncomingMessage> {
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    const text = await this.#readAll(response, request);
    const parsed = wireErrorSchema.safeParse(parseJson(text));
    if (parsed.success) throw fromWireError(parsed.data);
    throw badAnswer(`with status ${statusCode} and what is no error of its API`);
  }

  async #readAll(response: IncomingMessage, request: HostRequest): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) throw badAnswer(`with more than ${MAX_ANSWER_BYTES} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#reasonFor(error, request, true);
    }
    return Buffer.concat(chunks).toString();
  }

  /** Why a call failed: this end was closed, its caller gave up, or the connection broke. */
  #reasonFor(error: unknown, { signal }: HostRequest, isSent: boolean): unknown {
    if (this.#isClosed) return closed();
    return signal?.aborted ? signal.reason : brokenConnection(this.place, error, isSent);
  }
}

function closed(): SessionError {
  return new SessionError("EXEC_CLOSED", "The session client has been closed.");
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
