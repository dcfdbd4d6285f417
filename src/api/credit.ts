/** How much one end may still send, as the other end grants it. */
export class Credit {
  #bytes = 0;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  grant(bytes: number): void {
    this.#bytes += bytes;
    this.#wake();
  }

  spend(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Resolves with the credit once it is at least so much; with 0 if it has been closed. */
  async atLeast(bytes: number): Promise<number> {
    while (this.#bytes < bytes && !this.#isClosed) await this.#changed.promise;
    return this.#isClosed ? 0 : this.#bytes;
  }

  /** Nothing more may be sent, and whoever waits is told. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
