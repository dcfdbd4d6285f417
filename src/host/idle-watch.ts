export interface IdleWatchOptions {
  /** Null: idleness is never told. */
  readonly idleMs: number | null;
  readonly isBusy: () => Promise<boolean>;
  /** Told once the host has had nothing to do for `idleMs`; told again only after the next `touch()`. */
  readonly onIdle: () => void;
}

/** Finds out when nobody needs the host any more. It looks only when something has happened, and never polls. */
export class IdleWatch {
  readonly #options: IdleWatchOptions;
  #idleMs: number | null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs;
    this.touch();
  }

  /** Something has happened after which the host may be busy, or may not be any more. */
  touch(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.#idleMs === null) return;
    this.#timer = setTimeout(() => void this.#tellIfIdle(), this.#idleMs);
  }

  /** From now on the first idle moment is enough. */
  hasten(): void {
    this.#idleMs = 0;
    this.touch();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #tellIfIdle(): Promise<void> {
    const timer = this.#timer;
    const isBusy = await this.#options.isBusy();
    // Touched meanwhile: then the next look is already set.
    if (!isBusy && timer === this.#timer && !this.#isClosed) this.#options.onIdle();
  }
}
