import type { EventLog } from "./event-log.ts";
import type { ExecSession } from "./exec-session.ts";
import { errorText, isSessionError } from "./session-error.ts";
import type { SessionEventBody } from "./session-event.ts";
import { advance } from "./session-state.ts";
import type { SessionStore } from "./session-store.ts";

/** Where a session's changes go. */
export interface JournalContext {
  readonly store: SessionStore;
  readonly events: EventLog;
  /** Told, in one sentence, what no caller waits for, such as a record that could not be written yet. */
  readonly report: (sentence: string) => void;
}

/** A change of a session's record. */
export type RecordChange = Partial<Omit<ExecSession, "id" | "revision">>;

/** A record that could not be written is tried again so often, until the disk takes it. */
const SAVE_RETRY_MS = 2000;
/** What may wait is written after so long at the latest; most commands that end sooner have it written with their end. */
const SAVE_DELAY_MS = 100;

/** One session's record: the truth in memory, its copy in the store, and the events that tell of it. */
export class SessionJournal {
  readonly #context: JournalContext;
  #record: ExecSession;
  #savedRevision: number;
  /** Writes what is in memory alone. */
  #later: NodeJS.Timeout | undefined;
  /** The store has refused the record, which has been reported. */
  #isLate = false;
  #isClosed = false;

  constructor(record: ExecSession, context: JournalContext) {
    this.#record = record;
    this.#savedRevision = record.revision;
    this.#context = context;
  }

  get record(): ExecSession {
    return this.#record;
  }

  /** The first digits of the id, for sentences. */
  get shortId(): string {
    return this.#record.id.slice(0, 12);
  }

  /**
   * The session is about to be started, which must not happen unless the disk knows: if the store refuses, the record stays
   * as it was. The rest of the change may wait.
   */
  async begin(change: RecordChange): Promise<void> {
    await this.#context.store.begin(this.#record.id);
    this.noteLater(change);
  }

  /**
   * Writes what has happened already. If the disk refuses, that is reported and tried again until it takes it; memory
   * holds the truth meanwhile. Never rejects.
   */
  async note(change: RecordChange): Promise<void> {
    this.#record = advance(this.#record, change);
    await this.#save();
  }

  /** Like {@link note}, for what the next manager can find out by itself: it goes with the next change, or after a moment. */
  noteLater(change: RecordChange): void {
    this.#record = advance(this.#record, change);
    this.#context.store.expect(this.#record);
    this.#saveAfter(SAVE_DELAY_MS);
  }

  /** Writes nothing by itself any more: the session is being removed, or another manager will go on with it. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#later);
  }

  /** For that manager, writes what is in memory alone, also if the store has refused it before. */
  async handOver(): Promise<void> {
    if (!this.#isSaved) await this.#save();
  }

  /** Writes again: the removal did not come about. */
  reopen(): void {
    this.#isClosed = false;
    if (!this.#isSaved) void this.#save();
  }

  get #isSaved(): boolean {
    return this.#record.revision === this.#savedRevision;
  }

  tell(body: SessionEventBody): void {
    this.#context.events.add({ sessionId: this.#record.id, containerId: this.#record.container.id }, body);
  }

  async #save(): Promise<void> {
    clearTimeout(this.#later);
    const record = this.#record;
    try {
      await this.#context.store.save(record);
      this.#savedRevision = record.revision;
      if (this.#isLate) this.#context.report(`The record of session ${this.shortId} is on disk now.`);
      this.#isLate = false;
    } catch (error) {
      this.#tryLater(error);
    }
  }

  /** Told once, however often it is tried: a full disk may stay full for days. */
  #tryLater(error: unknown): void {
    if (this.#isClosed) return;
    if (!this.#isLate)
      this.#context.report(`The record of session ${this.shortId} is not on disk yet: ${errorText(error)}`);
    this.#isLate = true;
    // Another process has the state directory, for good.
    if (isSessionError(error) && error.code === "EXEC_STATE_DIR_LOST") return;
    this.#saveAfter(SAVE_RETRY_MS);
  }

  #saveAfter(ms: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#later);
    this.#later = setTimeout(() => void this.#save(), ms).unref();
  }
}
