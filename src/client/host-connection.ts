import type { IncomingMessage } from "node:http";
import { API_VERSION_HEADER, assertSessionHostAnswered } from "../api/api-version.ts";
import { CALLS_PROTOCOL } from "../api/calls-protocol.ts";
import { hostCalls } from "../api/host-calls.ts";
import { fromWireError, wireErrorSchema } from "../api/wire-error.ts";
import { waitUnlessAborted } from "../session/bounded-wait.ts";
import { isSessionError, SessionError } from "../session/session-error.ts";
import { askAgainIfBroken } from "./ask-again.ts";
import { CallChannel, type JsonAnswer, type JsonCall } from "./call-channel.ts";
import { HostAgent } from "./host-agent.ts";
import { badAnswer, brokenConnection } from "./host-failure.ts";
import { Attempt, type HostRequest, type Outcome, type UpgradedConnection } from "./host-request.ts";
import type { SharedReadSocket } from "./shared-read-socket.ts";

/** What is read as a whole is an error, or nothing. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** A call, and whether it may be made a second time if the connection breaks before its answer. */
export type RepeatableCall = JsonCall & Pick<HostRequest, "isRepeatable">;

/** Calls to one session host, over as many connections as they need. Everything that goes wrong becomes a SessionError. */
export class HostConnection {
  /** Where the host is, for sentences. */
  readonly place: string;
  readonly #agent: HostAgent;
  #channel: CallChannel | undefined;
  #opening: Promise<CallChannel> | undefined;
  #isClosed = false;

  constructor(place: string, connect: () => Promise<SharedReadSocket>) {
    this.place = place;
    this.#agent = new HostAgent(connect);
  }

  /** The answer's JSON; undefined if it has none. */
  async call(call: RepeatableCall): Promise<unknown> {
    const { status, json } = await this.#callOnChannel(call);
    if (isSuccess(status)) return json;
    throw refusal(status, json);
  }

  /** Makes a call in a request of its own, because it takes bytes; its answer has none. */
  async send(request: HostRequest): Promise<void> {
    await this.#readAll(await this.open(request), request);
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
    this.#channel?.close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Throws EXEC_CLOSED once it has been closed. */
  assertOpen(): void {
    if (this.#isClosed) throw closed();
  }

  async #callOnChannel(call: RepeatableCall): Promise<JsonAnswer> {
    const { signal, isRepeatable, ...line } = call;
    for (;;) {
      this.assertOpen();
      const used = this.#channel?.isOpen ? this.#channel : undefined;
      const channel = used ?? (await waitUnlessAborted(this.#openChannel(), signal));
      const isSent = !channel.isBroken;
      try {
        signal?.throwIfAborted();
        return await channel.call({ ...line, signal });
      } catch (error) {
        const isOver = this.#isClosed || signal?.aborted;
        if (!isOver && isRepeatable && used !== undefined) continue;
        throw this.#reasonFor(error, call, isSent);
      }
    }
  }

  /** Opened once for all who need it. Until it is open nothing has been asked for, so it may be tried again. */
  #openChannel(): Promise<CallChannel> {
    const { method, path } = hostCalls.openCalls;
    const request = { method, path, isRepeatable: true };
    this.#opening ??= askAgainIfBroken(() => this.upgrade(request, CALLS_PROTOCOL))
      .catch((error: unknown) => {
        throw this.#notAsked(error);
      })
      .then((connection) => {
        const channel = new CallChannel(connection);
        this.#channel = channel;
        if (this.#isClosed) channel.close();
        return channel;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  /** The error for a call whose connection could not be opened, so that nothing has come of it. */
  #notAsked(error: unknown): unknown {
    const isBroken = isSessionError(error) && error.code === "EXEC_HOST_UNREACHABLE";
    return isBroken && error.cause !== undefined ? brokenConnection(this.place, error.cause, false) : error;
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
    if (isSuccess(statusCode)) return response;
    throw refusal(statusCode, parseJson(await this.#readAll(response, request)));
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
  #reasonFor(error: unknown, { signal }: Pick<JsonCall, "signal">, isSent: boolean): unknown {
    if (this.#isClosed) return closed();
    return signal?.aborted ? signal.reason : brokenConnection(this.place, error, isSent);
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The error that an answer tells. */
function refusal(status: number, json: unknown): SessionError {
  const parsed = wireErrorSchema.safeParse(json);
  if (parsed.success) return fromWireError(parsed.data);
  return badAnswer(`with status ${status} and what is no error of its API`);
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
