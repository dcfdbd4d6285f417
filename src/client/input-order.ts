/** Sends one session's input in the order in which it was given, also when nobody waits for the pieces one by one. */
export class InputOrder {
  readonly #last = new Map<string, Promise<void>>();

  /** Sends after everything that was given before for the same session, whether that went well or not. */
  send(sessionId: string, send: () => Promise<void>): Promise<void> {
    const previous = this.#last.get(sessionId) ?? Promise.resolve();
    const sending = previous.then(send, send);
    this.#last.set(sessionId, sending);
    const forget = () => {
      if (this.#last.get(sessionId) === sending) this.#last.delete(sessionId);
    };
    sending.then(forget, forget);
    return sending;
  }
}
