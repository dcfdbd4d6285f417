/** Node works on four files at a time; more open ones would only wait, and hundreds of sessions often write in one moment. */
const MAX_OPEN_FILES = 16;

/** Bounds how many files all logs of a process have open at once. */
export class OpenFiles {
  #free = MAX_OPEN_FILES;
  readonly #waiting: (() => void)[] = [];

  /** Does work that opens one file and closes it again, when it is its turn. */
  async withOne<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
