/** The registered consumers of a log and how far each has come. */
export class Consumers {
  readonly #positions = new Map<string, number>();
  #slowest: number | undefined;

  /** Where the slowest consumer is. Undefined: none is registered. */
  get slowest(): number | undefined {
    return this.#slowest;
  }

  position(consumer: string): number | undefined {
    return this.#positions.get(consumer);
  }

  /** Puts a consumer at an offset, also one that is there already; never beyond the output there is. */
  register(consumer: string, offset: number, end: number): void {
    this.#positions.set(consumer, offset > 0 ? Math.min(offset, end) : 0);
    this.#update();
  }

  /** Moves a registered consumer on, never back and never beyond the output there is. */
  advance(consumer: string, offset: number, end: number): void {
    const position = this.#positions.get(consumer);
    if (position === undefined || !(offset > position)) return;
    this.#positions.set(consumer, Math.min(offset, end));
    if (position === this.#slowest) this.#update();
  }

  unregister(consumer: string): void {
    this.#positions.delete(consumer);
    this.#update();
  }

  #update(): void {
    this.#slowest = this.#positions.size === 0 ? undefined : Math.min(...this.#positions.values());
  }
}
