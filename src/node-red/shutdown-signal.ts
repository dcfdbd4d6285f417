/** What ends a Node-RED process in good order. */
const SHUTDOWN_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Notices that the process is being shut down. Node-RED does not tell its nodes whether they close for a deploy or for
 * good, so this listens to the signals themselves, ahead of Node-RED, which closes its nodes within the same turn.
 */
export class ShutdownSignal {
  readonly #onAlone: () => Promise<void>;
  readonly #listener = (signal: NodeJS.Signals) => this.#receive(signal);
  #isReceived = false;

  /** `onAlone` is called if nobody else handles the signal; after it, the process ends as it would have without this. */
  constructor(onAlone: () => Promise<void>) {
    this.#onAlone = onAlone;
    for (const signal of SHUTDOWN_SIGNALS) process.prependListener(signal, this.#listener);
  }

  get isReceived(): boolean {
    return this.#isReceived;
  }

  close(): void {
    for (const signal of SHUTDOWN_SIGNALS) process.removeListener(signal, this.#listener);
  }

  #receive(signal: NodeJS.Signals): void {
    this.#isReceived = true;
    if (process.listenerCount(signal) > 1) return;
    this.#onAlone().finally(() => {
      this.close();
      process.kill(process.pid, signal);
    });
  }
}
