const LINE_FEED = 10;

/** Cuts bytes into lines, each of which is to be a JSON text; these have no line feed in them. */
export class JsonLines {
  readonly #maxBytes: number;
  readonly #tooLong: () => Error;
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** `tooLong` makes what is thrown for a line of more than `maxBytes`. */
  constructor(maxBytes: number, tooLong: () => Error) {
    this.#maxBytes = maxBytes;
    this.#tooLong = tooLong;
  }

  /** Whether a line has begun that is not whole yet. */
  get isWithinLine(): boolean {
    return this.#restBytes > 0;
  }

  /** The lines that are whole with these bytes. */
  take(chunk: Buffer): string[] {
    const lines: string[] = [];
    let at = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, at)) {
      this.#keep(chunk.subarray(at, end));
      lines.push(Buffer.concat(this.#rest).toString());
      this.#rest = [];
      this.#restBytes = 0;
      at = end + 1;
    }
    this.#keep(chunk.subarray(at));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length;
    if (this.#restBytes > this.#maxBytes) throw this.#tooLong();
    if (part.length > 0) this.#rest.push(part);
  }
}
