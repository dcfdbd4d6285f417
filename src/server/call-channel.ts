import type { Duplex } from "node:stream";
import {
  type CallLine,
  type ClientLine,
  callTooLarge,
  type HostLine,
  MAX_CALL_BYTES,
  parseClientLine,
} from "../api/calls-protocol.ts";
import { JsonLines } from "../api/json-lines.ts";
import { toWireError } from "../api/wire-error.ts";
import { SessionError } from "../session/session-error.ts";
import type { StatusAnswer } from "./api-route.ts";
import { waitUntilDrained } from "./drained.ts";
import { requestTooLate } from "./request-body.ts";
import { toErrorAnswer } from "./send-answer.ts";

/** A client that leaves so many bytes of ours unread is not listened to until it has read them. */
const MAX_UNREAD_BYTES = 64 * 1024;

export interface CallChannelOptions {
  /** Gives what is said to one call. Never rejects. */
  readonly answer: (call: CallLine, gone: AbortSignal) => Promise<StatusAnswer>;
  /** Calls that may be under way at a time. */
  readonly maxCalls: number;
  /** How long a line may take. */
  readonly lineTimeoutMs: number;
  /** How long the connection may have no call under way. */
  readonly idleTimeoutMs: number;
}

/** Answers any number of calls at a time on one upgraded connection, each when it is done. */
export class CallChannel {
  readonly #socket: Duplex;
  readonly #options: CallChannelOptions;
  readonly #lines = new JsonLines(MAX_CALL_BYTES, callTooLarge);
  /** Each aborts when nobody waits for the call's answer any more. */
  readonly #calls = new Map<number, AbortController>();
  #lineTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** The client has broken the rules, and is not listened to any more. */
  #isBroken = false;

  constructor(socket: Duplex, options: CallChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    // Our client ends its half only with the whole.
    socket.once("end", () => socket.destroy());
    socket.once("close", () => this.#letGo());
    this.#rest();
  }

  /** Asks the client to make its next calls on another connection. */
  retire(): void {
    this.#say({ retired: true });
  }

  #receive(chunk: Buffer): void {
    if (this.#isBroken) return;
    try {
      for (const line of this.#lines.take(chunk)) {
        this.#finishLine();
        this.#take(parseLine(line));
      }
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (this.#lines.isWithinLine) this.#awaitLine();
  }

  #take(line: ClientLine): void {
    if ("cancel" in line) this.#calls.get(line.cancel)?.abort();
    else if (this.#calls.has(line.id)) throw badLine(`call ${line.id} has not been answered yet`);
    else if (this.#calls.size < this.#options.maxCalls) void this.#answer(line);
    else this.#say({ id: line.id, ...toErrorAnswer(tooManyCalls(this.#options.maxCalls)) });
  }

  async #answer(call: CallLine): Promise<void> {
    const gone = new AbortController();
    this.#calls.set(call.id, gone);
    clearTimeout(this.#idleTimer);
    const answer = await this.#options.answer(call, gone.signal);
    this.#calls.delete(call.id);
    this.#say({ id: call.id, ...answer });
    if (this.#calls.size === 0) this.#rest();
  }

  #say(line: HostLine): void {
    if (this.#isBroken || !this.#socket.writable) return;
    this.#socket.write(`${JSON.stringify(line)}\n`);
    if (this.#socket.writableLength <= MAX_UNREAD_BYTES || this.#socket.isPaused()) return;
    this.#socket.pause();
    void waitUntilDrained(this.#socket).then(() => this.#socket.resume());
  }

  /** Tells a client that has broken the rules, and ends its connection. */
  #refuse(error: unknown): void {
    this.#say({ error: toWireError(error) });
    this.#isBroken = true;
    this.#socket.end(() => this.#socket.destroy());
    // In case it never reads that.
    clearTimeout(this.#idleTimer);
    this.#rest();
  }

  #letGo(): void {
    clearTimeout(this.#lineTimer);
    clearTimeout(this.#idleTimer);
    for (const gone of this.#calls.values()) gone.abort();
  }

  /** The first call is awaited as long as any other. */
  #rest(): void {
    if (this.#socket.destroyed) return;
    this.#idleTimer = setTimeout(() => this.#socket.destroy(), this.#options.idleTimeoutMs).unref();
  }

  #awaitLine(): void {
    const { lineTimeoutMs } = this.#options;
    this.#lineTimer ??= setTimeout(() => this.#refuse(requestTooLate(lineTimeoutMs)), lineTimeoutMs);
  }

  #finishLine(): void {
    clearTimeout(this.#lineTimer);
    this.#lineTimer = undefined;
  }
}

function parseLine(text: string): ClientLine {
  const line = parseClientLine(text);
  if (line !== undefined) return line;
  throw badLine('it must be JSON with "id", "method", "path" and maybe "body", or with "cancel"');
}

function badLine(fault: string): SessionError {
  return new SessionError("EXEC_BAD_REQUEST", `A line of this connection is no call: ${fault}.`);
}

function tooManyCalls(maxCalls: number): SessionError {
  return new SessionError(
    "EXEC_HOST_BUSY",
    `The connection has ${maxCalls} calls under way, and may have no more.`,
    { details: { maxCalls } },
  );
}
