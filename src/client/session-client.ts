import type { z } from "zod";
import type { ApiCall } from "../api/api-call.ts";
import { MAX_INPUT_FRAME_BYTES } from "../api/attach-protocol.ts";
import { hostCalls, type versionSchema } from "../api/host-calls.ts";
import { runtimeParameters } from "../api/runtime-fields.ts";
import { sessionCalls } from "../api/session-calls.ts";
import { fromWireError } from "../api/wire-error.ts";
import { parseContainerId } from "../session/container-id.ts";
import { type ExecConfigInput, parseExecConfig } from "../session/exec-config.ts";
import type { ContainerRef, EndRecord, ExecSession, RuntimeSpec } from "../session/exec-session.ts";
import { runExec } from "../session/run-exec.ts";
import type { SessionEvent } from "../session/session-event.ts";
import { parseSessionIdPrefix } from "../session/session-id.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type * as service from "../session/session-service.ts";
import { parseSignal } from "../session/signals.ts";
import { parseStopRequest } from "../session/stop-escalation.ts";
import { parseTerminalSize, type TerminalSize } from "../session/terminal-size.ts";
import { connectToSocket } from "./connect-to-socket.ts";
import { type CallOptions, callHost, openAnswer, openAttachment, sendBytes } from "./host-api.ts";
import { HostConnection } from "./host-connection.ts";
import { InputOrder } from "./input-order.ts";
import { RemoteAttachment } from "./remote-attachment.ts";
import { readEvents } from "./remote-events.ts";
import type { SharedReadSocket } from "./shared-read-socket.ts";

export interface SessionClientOptions {
  readonly socketPath: string;
  /** Makes each connection, for example starting a host first. Absent: connects to `socketPath`. */
  readonly connect?: () => Promise<SharedReadSocket>;
}

/** The session service of another process, over its socket. A call rejects as it would there, with the same code. */
export class SessionClient implements service.SessionService {
  readonly #place: string;
  readonly #host: HostConnection;
  readonly #attachments = new Set<RemoteAttachment>();
  readonly #inputOrder = new InputOrder();
  /** Settles once the host has heard of every reader of events. */
  #subscribing: Promise<unknown> = Promise.resolve();

  constructor({ socketPath, connect = () => connectToSocket(socketPath) }: SessionClientOptions) {
    this.#place = socketPath;
    this.#host = new HostConnection(socketPath, connect);
  }

  /** What the host says of itself; also a way to see that it is there. */
  version(): Promise<z.output<typeof versionSchema>> {
    return callHost(this.#host, hostCalls.version, { parameters: {} });
  }

  /** Makes a runtime known to the host, so that Docker's clients find its containers too. */
  async addRuntime(spec: RuntimeSpec): Promise<void> {
    await callHost(this.#host, hostCalls.addRuntime, { parameters: {}, body: spec });
  }

  async create(target: ContainerRef, config: ExecConfigInput): Promise<ExecSession> {
    // Checked here too, for what JSON would lose on the way.
    parseExecConfig(config);
    const { Session } = await this.#call(sessionCalls.createSession, {
      parameters: { container: parseContainerId(target.container) },
      query: runtimeParameters(target.runtime),
      body: config,
    });
    return Session;
  }

  async start(id: string): Promise<ExecSession> {
    return this.#call(sessionCalls.startSession, { parameters: at(id), body: { Detach: true } });
  }

  async attach(id: string, options: service.AttachOptions = {}): Promise<service.Attachment> {
    return this.#attach(sessionCalls.attachSession, id, options);
  }

  async startAndAttach(id: string, options: service.AttachOptions = {}): Promise<service.Attachment> {
    return this.#attach(sessionCalls.startSession, id, options);
  }

  async stop(id: string, options: service.StopOptions = {}): Promise<EndRecord | null> {
    parseStopRequest(options, NO_STOP);
    const query = { t: toText(options.timeout), signal: toText(options.signal) };
    return this.#call(sessionCalls.stopSession, { parameters: at(id), query });
  }

  async kill(id: string, signal: string | number): Promise<void> {
    await this.#call(sessionCalls.killSession, {
      parameters: at(id),
      query: { signal: parseSignal(signal) },
    });
  }

  async resize(id: string, rawSize: TerminalSize): Promise<void> {
    const { columns, rows } = parseTerminalSize(rawSize);
    const query = { w: String(columns), h: String(rows) };
    await this.#call(sessionCalls.resizeSession, { parameters: at(id), query });
  }

  async write(id: string, data: Uint8Array): Promise<void> {
    const parameters = at(id);
    await this.#inputOrder.send(id, async () => {
      let sent = 0;
      do {
        // Small enough for the connection to take each piece whole, whatever the answer is.
        const piece = data.subarray(sent, sent + MAX_INPUT_FRAME_BYTES);
        await sendBytes(this.#host, sessionCalls.writeInput, { parameters, data: piece });
        sent += piece.length;
      } while (sent < data.length);
    });
  }

  async endInput(id: string): Promise<void> {
    const call = { parameters: at(id), query: { end: "true" }, data: NO_BYTES };
    await this.#inputOrder.send(id, () => sendBytes(this.#host, sessionCalls.writeInput, call));
  }

  async wait(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<EndRecord> {
    signal?.throwIfAborted();
    return this.#call(sessionCalls.waitForSession, { parameters: at(id), signal });
  }

  async inspect(id: string): Promise<SessionInspect> {
    return this.#call(sessionCalls.inspectSession, { parameters: at(id) });
  }

  async list(filter: service.ListFilter = {}): Promise<readonly service.SessionSummary[]> {
    const query = { filters: JSON.stringify(filter) };
    return this.#call(sessionCalls.listSessions, { parameters: {}, query });
  }

  async cleanup(id: string): Promise<void> {
    await this.#call(sessionCalls.cleanupSession, { parameters: at(id) });
  }

  async remove(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    await this.#call(sessionCalls.removeSession, { parameters: at(id), body: { Force: force } });
  }

  async removeAll(target: ContainerRef): Promise<service.RemoveAllReport> {
    const { removed, failed } = await this.#call(sessionCalls.removeAllSessions, {
      parameters: { container: parseContainerId(target.container) },
      query: runtimeParameters(target.runtime),
    });
    return { removed, failed: failed.map(({ id, error }) => ({ id, error: fromWireError(error) })) };
  }

  exec(target: ContainerRef, config: ExecConfigInput, streams: service.ExecStreams = {}): Promise<EndRecord> {
    return runExec(this, target, config, streams);
  }

  events(
    options: { readonly since?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<SessionEvent> {
    const { since, signal } = options;
    const query = { since: toText(since) };
    const answer = openAnswer(this.#host, hostCalls.readEvents, { parameters: {}, query, signal });
    // What is called after this is to be among the events, so it waits for the host to have heard of the reader.
    this.#subscribing = Promise.allSettled([this.#subscribing, answer]);
    return readEvents({ answer, signal, host: this.#host });
  }

  /** Breaks off all calls and detaches all attachments of this client. The host and its sessions go on. */
  async close(): Promise<void> {
    for (const attachment of this.#attachments) attachment.close();
    this.#host.close();
  }

  async #call<Path extends string, Answer extends z.ZodType>(
    call: ApiCall<Path, z.ZodObject, z.ZodType, Answer>,
    options: CallOptions<Path>,
  ): Promise<z.output<Answer>> {
    await this.#subscribing;
    return callHost(this.#host, call, options);
  }

  async #attach<Path extends "/exec/{id}/attach" | "/exec/{id}/start">(
    call: ApiCall<Path>,
    id: string,
    { offset, interactive, consumer, borrow = false }: service.AttachOptions,
  ): Promise<service.Attachment> {
    const parameters = at(id);
    const query = { offset: toText(offset), interactive: toText(interactive), consumer };
    await this.#subscribing;
    const connection = await openAttachment(this.#host, call, { parameters, query });
    const attachment = new RemoteAttachment({
      connection,
      isConsumer: consumer !== undefined,
      borrow,
      place: this.#place,
      service: this,
      onClose: () => this.#attachments.delete(attachment),
    });
    this.#attachments.add(attachment);
    if (this.#host.isClosed) attachment.close();
    return attachment;
  }
}

const NO_BYTES = new Uint8Array();
/** Only for checking what the caller gave; the host knows the session's own. */
const NO_STOP = { signal: "SIGTERM", timeoutMs: 0 } as const;
/** Sessions of the old form may have other ids than ours, but none longer than a file's name. */
const MAX_ID_LENGTH = 255;

/** The path parameters of a session's calls. Throws EXEC_INVALID_SESSION_ID for what cannot be an id. */
function at(id: unknown): { readonly id: string } {
  const isText = typeof id === "string" && id !== "" && id.length <= MAX_ID_LENGTH && id.isWellFormed();
  return { id: isText ? id : parseSessionIdPrefix(id) };
}

function toText(value: string | number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
