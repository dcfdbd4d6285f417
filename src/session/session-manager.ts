import { waitUnlessAborted } from "./bounded-wait.ts";
import { parseContainerId } from "./container-id.ts";
import { EventLog } from "./event-log.ts";
import type { ExecConfigInput } from "./exec-config.ts";
import type { ContainerRef, EndRecord, ExecSession, RuntimeSpec } from "./exec-session.ts";
import { type LegacyProcessFinder, LegacySessions } from "./legacy-sessions.ts";
import { LiveSession, type SessionContext } from "./live-session.ts";
import type { OutputLogs } from "./output-log.ts";
import { planSession } from "./plan-session.ts";
import { type OrphanPolicy, Reconciliation } from "./reconcile.ts";
import { removeSessions } from "./remove-sessions.ts";
import { DEFAULT_RETENTION, Retention, type RetentionLimits } from "./retention.ts";
import { runExec } from "./run-exec.ts";
import type { RuntimeProvider } from "./runtime.ts";
import { attachToSession } from "./session-attachment.ts";
import { SessionError } from "./session-error.ts";
import type { SessionEvent } from "./session-event.ts";
import { SessionIndex } from "./session-index.ts";
import { inspectSession, type SessionInspect } from "./session-inspect.ts";
import { matchesFilter, summarizeSession } from "./session-list.ts";
import { SessionOutput } from "./session-output.ts";
import type * as service from "./session-service.ts";
import type { SessionStore } from "./session-store.ts";
import { parseSignal } from "./signals.ts";
import { defaultStop, parseStopRequest, type StopRequest } from "./stop-escalation.ts";
import { parseTerminalSize, type TerminalSize } from "./terminal-size.ts";

export interface SessionManagerOptions {
  readonly store: SessionStore;
  readonly outputs: OutputLogs;
  readonly runtimes: RuntimeProvider;
  readonly findLegacyProcess: LegacyProcessFinder;
  /** What becomes of commands that outlived an earlier manager. Absent: `keep`. */
  readonly orphans?: OrphanPolicy;
  readonly retention?: RetentionLimits;
  /** Told, in one sentence each, what no caller waits for. */
  readonly report: (sentence: string) => void;
  /** Called last when the manager is closed, to let go of what only it used. */
  readonly onClose?: () => Promise<void>;
}

/** Opens the state directory's sessions and brings those that were running to the truth. */
export async function openSessionManager(options: SessionManagerOptions): Promise<SessionManager> {
  const contents = await options.store.open();
  for (const { path, reason } of contents.setAside)
    options.report(`${path} is no readable session record: ${reason}`);
  const legacy = new LegacySessions(contents.legacy, options.store, options.findLegacyProcess);
  const manager = new SessionManager(options, legacy);
  await manager.restore(contents.sessions);
  return manager;
}

/** The real SessionService: holds the truth in memory and writes every transition through its store. */
export class SessionManager implements service.SessionService {
  readonly #options: SessionManagerOptions;
  readonly #legacy: LegacySessions;
  readonly #sessions = new SessionIndex();
  readonly #retention: Retention;
  readonly #events = new EventLog();
  readonly #context: SessionContext;
  readonly #reconciliation: Reconciliation;
  #isClosed = false;

  constructor(options: SessionManagerOptions, legacy: LegacySessions) {
    this.#options = options;
    this.#legacy = legacy;
    this.#retention = new Retention(options.retention ?? DEFAULT_RETENTION, options.report);
    const { store, runtimes, orphans = "keep", report } = options;
    const bundle = (id: string) => store.bundle(id);
    this.#reconciliation = new Reconciliation({ runtimes, bundle, orphans, report });
    this.#context = {
      store: options.store,
      runtimes: options.runtimes,
      events: this.#events,
      report: options.report,
      onEnded: (session) => {
        this.#sessions.noteEnded(session);
        this.#retention.noteEnded(session);
      },
      onRemoved: (session) => {
        this.#retention.forget(session);
        this.#sessions.delete(session);
      },
    };
  }

  /** Takes in the records of an earlier manager; once, before any verb. */
  async restore(records: readonly ExecSession[]): Promise<void> {
    const ended = records.filter((record) => record.end !== null).sort(byEndTime);
    for (const record of ended) this.#add(record);
    const open = records.filter((record) => record.end === null).map((record) => this.#add(record));
    const running = open.filter((session) => session.record.state === "running");
    await this.#reconciliation.reconcile(running);
    this.#retention.sweep();
  }

  async create(target: ContainerRef, rawConfig: ExecConfigInput): Promise<ExecSession> {
    this.#assertOpen();
    const record = await planSession(this.#options.runtimes, target, rawConfig);
    await this.#options.store.create(record);
    this.#add(record);
    this.#events.add({ sessionId: record.id, containerId: record.container.id }, { type: "created" });
    return withoutSecrets(record);
  }

  async start(id: string): Promise<ExecSession> {
    const session = this.#find(id);
    await session.start();
    return withoutSecrets(session.record);
  }

  async attach(id: string, options: service.AttachOptions = {}): Promise<service.Attachment> {
    const session = this.#find(id);
    session.assertExists();
    const onDetach = () =>
      this.#events.add(
        { sessionId: session.record.id, containerId: session.record.container.id },
        { type: "detached", by: "keys" },
      );
    return attachToSession(session, options, onDetach);
  }

  async startAndAttach(id: string, options: service.AttachOptions = {}): Promise<service.Attachment> {
    const attachment = await this.attach(id, options);
    try {
      await this.#find(id).start();
      return attachment;
    } catch (error) {
      attachment.close({ forget: true });
      throw error;
    }
  }

  async stop(id: string, options: service.StopOptions = {}): Promise<EndRecord | null> {
    this.#assertOpen();
    if (this.#legacy.has(id)) {
      await this.#legacy.stop(id, parseStopRequest(options, LEGACY_STOP));
      return null;
    }
    const session = this.#find(id);
    await session.stop(parseStopRequest(options, defaultStop(session.record)), "stop");
    return session.ended;
  }

  async kill(id: string, rawSignal: string | number): Promise<void> {
    const session = this.#find(id);
    await session.kill(parseSignal(rawSignal));
  }

  async resize(id: string, rawSize: TerminalSize): Promise<void> {
    const session = this.#find(id);
    await session.resize(parseTerminalSize(rawSize));
  }

  async write(id: string, data: Uint8Array): Promise<void> {
    await this.#find(id).write(data);
  }

  async endInput(id: string): Promise<void> {
    await this.#find(id).endInput();
  }

  async wait(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<EndRecord> {
    return waitUnlessAborted(this.#find(id).ended, signal);
  }

  async inspect(id: string): Promise<SessionInspect> {
    const session = this.#find(id);
    return inspectSession(session.record, session.output.totals);
  }

  async list(filter: service.ListFilter = {}): Promise<readonly service.SessionSummary[]> {
    this.#assertOpen();
    const near = this.#sessions.near(filter.state);
    const own = Array.from(near, (session) => summarizeSession(session.record));
    return [...own, ...(await this.#legacy.list())].filter((row) => matchesFilter(row, filter));
  }

  async cleanup(id: string): Promise<void> {
    await this.#find(id).cleanup();
  }

  async remove(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    this.#assertOpen();
    if (this.#legacy.has(id)) return this.#legacy.remove(id, force ? LEGACY_STOP : null);
    const session = this.#find(id);
    await session.remove(force ? defaultStop(session.record) : null);
  }

  async removeAll(target: ContainerRef): Promise<service.RemoveAllReport> {
    this.#assertOpen();
    const name = parseContainerId(target.container);
    const { spec } = await this.#options.runtimes(target.runtime);
    const sessions = Array.from(this.#sessions.values()).filter(
      ({ record }) =>
        isSameRuntime(record.runtime, spec) &&
        (record.container.id === name || record.container.name === name),
    );
    return removeSessions(sessions);
  }

  exec(target: ContainerRef, config: ExecConfigInput, streams: service.ExecStreams = {}): Promise<EndRecord> {
    return runExec(this, target, config, streams);
  }

  events(
    options: { readonly since?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<SessionEvent> {
    return this.#events.read(options);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#retention.close();
    await this.#reconciliation.close();
    await Promise.all(Array.from(this.#sessions.values(), (session) => session.close()));
    this.#events.close();
    await this.#options.store.close();
    await this.#options.onClose?.();
  }

  #find(id: string): LiveSession {
    this.#assertOpen();
    return this.#sessions.find(id);
  }

  #add(record: ExecSession): LiveSession {
    const { store, outputs } = this.#options;
    const observer = {
      onLimit: () => session.stopUnasked("outputLimit"),
      onError: (error: Error) =>
        this.#events.add(
          { sessionId: record.id, containerId: record.container.id },
          { type: "outputError", text: error.message },
        ),
    };
    const options = { bundle: store.bundle(record.id), limits: record.config.output, observer };
    const output = new SessionOutput(outputs, options, {
      totals: record.output,
      isNew: record.state === "created",
    });
    const session = new LiveSession(record, output, this.#context);
    this.#sessions.add(session);
    this.#retention.takeIn(session);
    return session;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SessionError("EXEC_CLOSED", "The session service has been closed.");
  }
}

/** Sessions of the old form know no signal and no time-out of their own. */
const LEGACY_STOP: StopRequest = { signal: "SIGTERM", timeoutMs: 10_000 };

/** The record as callers see it: without the environment's values, which may be secrets. */
function withoutSecrets(record: ExecSession): ExecSession {
  return { ...record, config: { ...record.config, env: {} } };
}

function byEndTime(a: ExecSession, b: ExecSession): number {
  return (a.end?.endedAt ?? "").localeCompare(b.end?.endedAt ?? "");
}

function isSameRuntime(a: RuntimeSpec, b: RuntimeSpec): boolean {
  return a.kind === b.kind && a.path === b.path && a.root === b.root;
}
