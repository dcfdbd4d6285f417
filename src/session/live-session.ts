import { waitAtMost } from "./bounded-wait.ts";
import { assertContainerRuns, hasContainerStopped } from "./container-check.ts";
import { createEndRecord, type StopCause } from "./end-record.ts";
import type { EndRecord, ExecSession, StartError } from "./exec-session.ts";
import { notATerminal, notReachable, notStarted, notStopped, sessionGone } from "./live-session-errors.ts";
import { type Moment, thisMoment } from "./moment.ts";
import type { OutputLog } from "./output-log.ts";
import { type CommandEnd, RunningCommand } from "./running-command.ts";
import type { ExecProcess, Runtime, RuntimeProvider } from "./runtime.ts";
import { StartFailure } from "./runtime.ts";
import { errorText, isSessionError, type SessionError } from "./session-error.ts";
import { type JournalContext, SessionJournal } from "./session-journal.ts";
import type { SessionOutput } from "./session-output.ts";
import { assertVerbAllowed, type GuardedVerb, wrongState } from "./session-state.ts";
import type { SignalName } from "./signals.ts";
import { defaultStop, KILL_WAIT_MS, type StopRequest } from "./stop-escalation.ts";
import type { TerminalSize } from "./terminal-size.ts";

/** What every session needs from its manager. */
export interface SessionContext extends JournalContext {
  readonly runtimes: RuntimeProvider;
  readonly onEnded: (session: LiveSession) => void;
  readonly onRemoved: (session: LiveSession) => void;
}

const MS_PER_SECOND = 1000;
/** Nothing more is known of a process that is gone. */
const UNKNOWN_EXIT = { exitCode: null, signal: null, startError: null };

/** One session in memory: the truth about it, of which the store holds a copy. Every change of its record happens here. */
export class LiveSession {
  readonly output: SessionOutput;
  readonly #context: SessionContext;
  readonly #ended = Promise.withResolvers<EndRecord>();
  readonly #journal: SessionJournal;
  #command: RunningCommand | undefined;
  #starting: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #removing: Promise<void> | undefined;
  #isRemoved = false;
  /** Absent: it has not been started, or by another manager. */
  #started: Moment | undefined;
  #timeLimit: NodeJS.Timeout | undefined;

  constructor(record: ExecSession, output: SessionOutput, context: SessionContext) {
    this.#journal = new SessionJournal(record, context);
    this.output = output;
    this.#context = context;
    this.#ended.promise.catch(() => {
      // Only a removal before the end rejects it, and whoever waits is told.
    });
    if (record.end !== null) this.#ended.resolve(record.end);
  }

  get record(): ExecSession {
    return this.#journal.record;
  }

  /** Resolves with the end record once it is written; rejects if the session is removed before it ran. */
  get ended(): Promise<EndRecord> {
    return this.#ended.promise;
  }

  /** Starts the command; of two concurrent starts the second is refused. */
  async start(): Promise<void> {
    this.assertExists();
    if (this.#starting !== undefined) throw wrongState("start", this.record.id, "starting");
    assertVerbAllowed("start", this.record);
    this.#starting = this.#start();
    try {
      await this.#starting;
    } finally {
      this.#starting = undefined;
    }
  }

  /** Resolves when the session has ended, whoever ended it. */
  async stop(request: StopRequest, cause: StopCause): Promise<void> {
    await this.#guard("stop");
    if (this.record.state === "stopped") return;
    const command = this.#running();
    this.#journal.tell({
      type: "stopping",
      signal: request.timeoutMs > 0 ? request.signal : "SIGKILL",
      cause,
    });
    await command.stop(request, cause);
    if (await waitAtMost(this.ended, KILL_WAIT_MS)) return;
    throw notStopped(this.record);
  }

  async kill(signal: SignalName): Promise<void> {
    await this.#guard("kill");
    await this.#running().kill(signal);
  }

  async resize(size: TerminalSize): Promise<void> {
    await this.#guard("resize");
    if (!this.record.config.tty) throw notATerminal(this.record);
    this.#running().resize(size);
    this.#journal.tell({ type: "resized", size });
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#guard("write");
    await this.#running().write(data);
  }

  async endInput(): Promise<void> {
    await this.#guard("write");
    await this.#running().endInput();
  }

  /** Deletes the session's files, its output among them; the record stays. */
  async cleanup(): Promise<void> {
    await this.#refresh();
    await this.#guard("cleanup");
    await this.output.discard();
    await this.#context.store.cleanup(this.record.id);
    await this.#journal.note({ output: this.output.totals });
  }

  /**
   * Deletes the session; a running one only with a stop request. Concurrent removes are one, but what refuses one without a
   * stop request refuses none with one.
   */
  remove(force: StopRequest | null): Promise<void> {
    if (force !== null && this.#removing !== undefined) return this.#removing.catch(() => this.remove(force));
    this.#removing ??= this.#remove(force).finally(() => {
      this.#removing = undefined;
    });
    return this.#removing;
  }

  /** Takes over a process that an earlier manager started; its further output is lost. */
  async adopt(process: ExecProcess, runtime: Runtime): Promise<void> {
    this.#run(process, runtime, await this.output.acquire());
  }

  /** Ends a session whose process is gone and left no word. */
  async endAsLost(): Promise<void> {
    await this.#end(
      { exit: UNKNOWN_EXIT, heldOpen: false, stopCause: null, killedWith: new Set() },
      await this.output.acquire(),
    );
  }

  /** Lets go of everything; the command itself goes on. */
  async close(): Promise<void> {
    clearTimeout(this.#timeLimit);
    this.#journal.close();
    this.#command?.release();
    await this.output.close();
    await this.#journal.handOver();
  }

  /** Throws EXEC_SESSION_NOT_FOUND once the session has been removed. */
  assertExists(): void {
    if (this.#isRemoved) throw sessionGone(this.record);
  }

  async #start(): Promise<void> {
    const runtime = await this.#context.runtimes(this.record.runtime);
    const container = await runtime.findContainer(this.record.container.id);
    assertContainerRuns(container);
    const resolved = await runtime.resolveProcess(container, this.record.config);
    const started = thisMoment();
    const startedAt = new Date(started.wallMs).toISOString();
    await this.#journal.begin({ state: "running", resolved, startedAt });
    this.#started = started;
    const log = await this.output.acquire();
    try {
      const { id, config } = this.record;
      const bundle = this.#context.store.bundle(id);
      this.#run(await runtime.start({ container, config, bundle }), runtime, log);
    } catch (error) {
      throw await this.#endUnstarted(error, log);
    }
    this.#journal.tell({ type: "started", pid: this.record.pid });
    this.#startTimeLimit();
  }

  /** Records a failed start as the session's end, and gives the error for whoever asked for the start. */
  async #endUnstarted(error: unknown, log: OutputLog): Promise<SessionError> {
    const startError: StartError =
      error instanceof StartFailure ? error.startError : { kind: "runtime", text: errorText(error) };
    const exit = { ...UNKNOWN_EXIT, startError };
    await this.#end({ exit, heldOpen: false, stopCause: null, killedWith: new Set() }, log);
    return isSessionError(error) ? error : notStarted(this.record, startError, error);
  }

  #run(process: ExecProcess, runtime: Runtime, log: OutputLog): void {
    // Secrets in the environment are not needed any more, so they leave the record with its next revision.
    const config = { ...this.record.config, env: {} };
    this.#journal.noteLater({ config, pid: process.pid, identity: process.identity });
    const command = new RunningCommand(process, log, config.tty);
    this.#command = command;
    void command.ended.then((end) => this.#endAfterRun(end, runtime, log));
  }

  async #endAfterRun(end: CommandEnd, runtime: Runtime, log: OutputLog): Promise<void> {
    const isAnswer = end.exit.signal !== null && end.killedWith.has(end.exit.signal);
    const isUnasked = end.stopCause === null && end.exit.startError === null && !isAnswer;
    await this.#end(end, log, isUnasked && (await hasContainerStopped(runtime, this.record, end.exit)));
  }

  /** Output to disk, then the end record, then the event, then whoever waits. Never rejects. */
  #end(end: CommandEnd, log: OutputLog, containerStopped = false): Promise<void> {
    this.#ending = this.#writeEnd(end, log, containerStopped);
    return this.#ending;
  }

  async #writeEnd(commandEnd: CommandEnd, log: OutputLog, containerStopped: boolean): Promise<void> {
    clearTimeout(this.#timeLimit);
    await this.output.finish(log);
    const { truncated } = log.totals;
    const end = createEndRecord({
      ...commandEnd,
      containerStopped,
      startedAt: this.record.startedAt,
      started: this.#started ?? null,
      truncated,
    });
    this.#command = undefined;
    await this.#journal.note({
      config: { ...this.record.config, env: {} },
      state: "stopped",
      startedAt: end.startedAt,
      pid: null,
      identity: null,
      output: log.totals,
      end,
    });
    this.#journal.tell(end.reason === "lost" ? { type: "lost", end } : { type: "exited", end });
    this.#ended.resolve(end);
    await this.output.release();
    this.#context.onEnded(this);
  }

  async #remove(force: StopRequest | null): Promise<void> {
    await this.#refresh();
    await this.#settle();
    this.assertExists();
    if (force !== null && this.record.state === "running") await this.stop(force, "remove");
    assertVerbAllowed("remove", this.record);
    this.#isRemoved = true;
    this.#journal.close();
    try {
      await this.output.discard();
      await this.#context.store.remove(this.record.id);
    } catch (error) {
      this.#isRemoved = false;
      this.#journal.reopen();
      throw error;
    }
    this.#journal.tell({ type: "removed" });
    if (this.record.end === null) this.#ended.reject(sessionGone(this.record));
    this.#context.onRemoved(this);
  }

  #startTimeLimit(): void {
    const { timeout } = this.record.config;
    if (timeout === 0 || this.record.end !== null) return;
    this.#timeLimit = setTimeout(() => this.stopUnasked("timeout"), timeout * MS_PER_SECOND);
  }

  /** Stops the command for a reason that no caller waits for. */
  stopUnasked(cause: StopCause): void {
    this.stop(defaultStop(this.record), cause).catch((error) => this.#context.report(errorText(error)));
  }

  /** Waits for a start or an end that is under way, then throws unless the verb is allowed. */
  async #guard(verb: GuardedVerb): Promise<void> {
    await this.#settle();
    this.assertExists();
    assertVerbAllowed(verb, this.record);
  }

  async #settle(): Promise<void> {
    await this.#starting?.catch(() => {
      // Told to whoever asked for the start.
    });
    await this.#ending;
  }

  /** If the command has just ended, waits until that is known here. */
  async #refresh(): Promise<void> {
    const command = this.#command;
    if (command !== undefined && !(await command.isAlive())) await waitAtMost(this.ended, KILL_WAIT_MS);
  }

  #running(): RunningCommand {
    if (this.#command !== undefined) return this.#command;
    throw notReachable(this.record);
  }
}
