import type { Socket } from "node:net";
import { callTooLarge, type HostLine, MAX_CALL_BYTES, parseHostLine } from "../api/calls-protocol.ts";
import { JsonLines } from "../api/json-lines.ts";
import { fromWireError } from "../api/wire-error.ts";
import { badAnswer } from "./host-failure.ts";
import type { UpgradedConnection } from "./host-request.ts";

/** A list of a hundred thousand sessions is shorter. */
const MAX_LINE_BYTES = 128 * 1024 * 1024;
/** Long before the host would, so that no call is made on a connection that is just being closed. */
const IDLE_TIMEOUT_MS = 4_000;

/** One call that takes and answers with JSON. */
export interface JsonCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Absent: none. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  readonly json?: unknown;
}

interface PendingCall {
  readonly resolve: (answer: JsonAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Any number of calls at a time on one upgraded connection. It keeps no process alive while no call is under way. */
export class CallChannel {
  readonly #socket: Socket;
  readonly #lines = new JsonLines(MAX_LINE_BYTES, () => badAnswer(`with more than ${MAX_LINE_BYTES} bytes`));
  readonly #calls = new Map<number, PendingCall>();
  #lastId = 0;
  #isOpen = true;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Why it broke, if more is known than that it did. */
  #failure: unknown;

  constructor({ socket, head }: UpgradedConnection) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => {
      this.#failure ??= error;
    });
    socket.once("end", () => socket.destroy());
    socket.once("close", () => this.#letGo());
    if (head.length > 0) this.#receive(head);
    this.#rest();
  }

  /** Whether it is the one for the next calls. */
  get isOpen(): boolean {
    return this.#isOpen && !this.isBroken;
  }

  /** Whether a call would not even be sent. */
  get isBroken(): boolean {
    return !this.#socket.writable;
  }

  /** Makes a call. Rejects with the signal's reason, or with why the connection broke. */
  call({ signal, ...call }: JsonCall): Promise<JsonAnswer> {
    if (this.isBroken) return Promise.reject(this.#reason);
    const id = ++this.#lastId;
    const line = `${JSON.stringify({ id, ...call })}\n`;
    if (Buffer.byteLength(line) > MAX_CALL_BYTES) return Promise.reject(callTooLarge());
    const answered = new Promise<JsonAnswer>((resolve, reject) => this.#calls.set(id, { resolve, reject }));
    this.#work();
    this.#socket.write(line);
    if (signal === undefined) return answered;
    const cancel = () => {
      this.#settle(id)?.reject(signal.reason);
      if (this.#socket.writable) this.#socket.write(`${JSON.stringify({ cancel: id })}\n`);
    };
    signal.addEventListener("abort", cancel, { once: true });
    return answered.finally(() => signal.removeEventListener("abort", cancel));
  }

  /** Breaks off every call. */
  close(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#lines.take(chunk)) this.#take(parseLine(line));
    } catch (error) {
      this.#failure = error;
      this.close();
    }
  }

  #take(line: HostLine): void {
    if ("error" in line) throw fromWireError(line.error);
    if ("retired" in line) this.#isOpen = false;
    else this.#settle(line.id)?.resolve(line);
    // One that is retired as soon as it is opened has been opened for a call that is about to come.
    if (this.#calls.size === 0 && !this.#isOpen && this.#lastId > 0) this.close();
  }

  /** The call of this number, which is not under way any more. Undefined: nobody waits for it. */
  #settle(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    if (this.#calls.delete(id) && this.#calls.size === 0) this.#rest();
    return call;
  }

  #work(): void {
    clearTimeout(this.#idleTimer);
    this.#socket.ref();
  }

  #rest(): void {
    this.#socket.unref();
    this.#idleTimer = setTimeout(() => this.close(), IDLE_TIMEOUT_MS).unref();
  }

  #letGo(): void {
    this.#isOpen = false;
    clearTimeout(this.#idleTimer);
    for (const { reject } of this.#calls.values()) reject(this.#reason);
    this.#calls.clear();
  }

  get #reason(): unknown {
    return this.#failure ?? new Error("socket hang up");
  }
}

function parseLine(text: string): HostLine {
  const line = parseHostLine(text);
  if (line !== undefined) return line;
  throw badAnswer("with a line that is no answer");
}
