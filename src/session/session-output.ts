import type { OutputTotals } from "./exec-session.ts";
import type { CloseOptions, OutputLog, OutputLogOptions, OutputLogs } from "./output-log.ts";

/**
 * A session's output log: in memory while somebody uses it, on disk alone otherwise, so that thousands of ended sessions
 * cost no memory.
 */
export class SessionOutput {
  readonly #logs: OutputLogs;
  readonly #options: OutputLogOptions;
  #totals: OutputTotals;
  /** Nothing has been written yet, so there is nothing to open. */
  #isNew: boolean;
  #log: Promise<OutputLog> | undefined;
  #current: OutputLog | undefined;
  #closing: Promise<void> = Promise.resolve();
  #users = 0;
  #generation = 0;

  constructor(
    logs: OutputLogs,
    options: OutputLogOptions,
    from: { readonly totals: OutputTotals; readonly isNew: boolean },
  ) {
    this.#logs = logs;
    this.#options = options;
    this.#totals = from.totals;
    this.#isNew = from.isNew;
  }

  get totals(): OutputTotals {
    return this.#current?.totals ?? this.#totals;
  }

  get isInUse(): boolean {
    return this.#users > 0;
  }

  /** Changes whenever the output has been deleted. */
  get generation(): number {
    return this.#generation;
  }

  /** The log, for use until `release()`. */
  async acquire(): Promise<OutputLog> {
    this.#users++;
    this.#log ??= this.#open();
    const opening = this.#log;
    try {
      const log = await opening;
      if (this.#log === opening) this.#current = log;
      return log;
    } catch (error) {
      if (this.#log === opening) this.#log = undefined;
      this.#users--;
      throw error;
    }
  }

  /** Ends one use; the last one lets go of the log's memory and files. A log that is still to be written is kept. */
  async release(): Promise<void> {
    this.#users--;
    if (this.#users === 0 && !this.#isNew) await this.close();
  }

  /** All output is in the log. */
  async finish(log: OutputLog): Promise<void> {
    await log.finish();
    this.#isNew = false;
    this.#totals = log.totals;
  }

  /** Ends all readers, because the output is about to be deleted. */
  async discard(): Promise<void> {
    this.#generation++;
    await this.close({ discard: true });
    const { stdoutBytes, stderrBytes } = this.#totals;
    this.#totals = { ...this.#totals, firstOffset: stdoutBytes + stderrBytes };
  }

  /** A log that is still being opened is closed too: whoever waits for it finds nothing in it. */
  async close(options: CloseOptions = {}): Promise<void> {
    const opening = this.#log;
    if (opening !== undefined) {
      this.#totals = this.totals;
      this.#current = undefined;
      this.#log = undefined;
      this.#closing = closeOnceOpen(opening, options);
    }
    await this.#closing;
  }

  /** The log before this one leaves word of its consumers. */
  async #open(): Promise<OutputLog> {
    await this.#closing;
    return this.#isNew
      ? this.#logs.create(this.#options)
      : this.#logs.open({ ...this.#options, totals: this.#totals });
  }
}

async function closeOnceOpen(opening: Promise<OutputLog>, options: CloseOptions): Promise<void> {
  const log = await opening.catch(() => undefined);
  await log?.close(options);
}
