import type { SessionEvent, SessionEventBody } from "./session-event.ts";

/** Events kept for readers that come later or are slow; a reader overtaken by it sees a gap in `seq`. */
const KEPT_EVENTS = 4096;

/** Numbers events and gives them to any number of readers, each once. */
export class EventLog {
  #events: SessionEvent[] = [];
  #nextSeq = 1;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  add(session: { readonly sessionId: string; readonly containerId: string }, body: SessionEventBody): void {
    this.#events.push({ seq: this.#nextSeq++, time: new Date().toISOString(), ...session, ...body });
    // Dropping half at a time keeps the cost per event constant.
    if (this.#events.length > 2 * KEPT_EVENTS) this.#events = this.#events.slice(-KEPT_EVENTS);
    this.#wake();
  }

  /** From the call on, or from after `since`; ends without error when `signal` aborts. */
  read(
    options: { readonly since?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<SessionEvent> {
    return this.#readFrom((options.since ?? this.#nextSeq - 1) + 1, options.signal);
  }

  /** Ends the readers once they have had what is kept. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *#readFrom(firstSeq: number, signal: AbortSignal | undefined): AsyncGenerator<SessionEvent> {
    let nextSeq = firstSeq;
    const onAbort = () => this.#wake();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!signal?.aborted) {
        const event = this.#firstFrom(nextSeq);
        if (event !== undefined) {
          nextSeq = event.seq + 1;
          yield event;
        } else if (this.#isClosed) {
          return;
        } else {
          await this.#changed.promise;
        }
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #firstFrom(seq: number): SessionEvent | undefined {
    const oldest = this.#events[0]?.seq ?? this.#nextSeq;
    return this.#events[Math.max(seq - oldest, 0)];
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
