import { type ConsumerPositions, readConsumers, writeConsumers } from "./consumers-file.ts";
import type { SegmentStorage } from "./segment-storage.ts";

/**
 * After a crash a consumer may be given again what it has acknowledged within this time. A session that always says
 * something writes its output every second; five times as rarely adds little to that.
 */
const SAVE_DELAY_MS = 5000;

/** The registered consumers of a log and how far each has come, in memory and, written behind, beside the segments. */
export class Consumers {
  readonly #storage: SegmentStorage;
  readonly #positions: Map<string, number>;
  #slowest: number | undefined;
  /** What the file says. */
  #saved: ConsumerPositions;
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(storage: SegmentStorage, positions: ConsumerPositions = new Map()) {
    this.#storage = storage;
    this.#positions = new Map(positions);
    this.#saved = positions;
    this.#findSlowest();
  }

  /** Those of a log that has been written before. */
  static async open(storage: SegmentStorage): Promise<Consumers> {
    return new Consumers(storage, await readConsumers(storage));
  }

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
    this.#findSlowest();
    this.#saveLater();
  }

  /** Moves a registered consumer on, never back and never beyond the output there is. */
  advance(consumer: string, offset: number, end: number): void {
    const position = this.#positions.get(consumer);
    if (position === undefined || !(offset > position)) return;
    this.#positions.set(consumer, Math.min(offset, end));
    if (position === this.#slowest) this.#findSlowest();
    this.#saveLater();
  }

  unregister(consumer: string): void {
    this.#positions.delete(consumer);
    this.#findSlowest();
    this.#saveLater();
  }

  /**
   * To be called before the disk learns that output before an offset is gone: if all consumers have passed that output,
   * the disk learns this first, so that none of them misses it after a crash. Undefined: it knows. Never rejects.
   */
  saveIfPassed(offset: number): Promise<void> | undefined {
    if (this.#slowest === undefined || offset > this.#slowest) return undefined;
    const isBehind = (consumer: string) => (this.#saved.get(consumer) ?? 0) < offset;
    return Array.from(this.#positions.keys()).some(isBehind) ? this.#save() : undefined;
  }

  /** Saves what is not saved yet, unless it is not needed any more; nothing is written from then on. Never rejects. */
  async close({ discard = false }: { readonly discard?: boolean } = {}): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (!discard) await this.#save();
    await this.#saving;
  }

  #findSlowest(): void {
    this.#slowest = this.#positions.size === 0 ? undefined : Math.min(...this.#positions.values());
  }

  #saveLater(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, SAVE_DELAY_MS).unref();
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#saveNow());
    return this.#saving;
  }

  async #saveNow(): Promise<void> {
    const positions = worthSaving(this.#positions);
    if (isSame(positions, this.#saved)) return;
    try {
      await writeConsumers(this.#storage, positions);
      this.#saved = positions;
    } catch {
      // A disk that takes no output is told of elsewhere; without their positions consumers begin anew, and miss nothing.
      this.#saveLater();
    }
  }
}

/** Whoever is at the beginning begins there also without a word about it. */
function worthSaving(positions: ConsumerPositions): ConsumerPositions {
  return new Map(Array.from(positions).filter(([, position]) => position > 0));
}

function isSame(one: ConsumerPositions, other: ConsumerPositions): boolean {
  return one.size === other.size && Array.from(one).every(([key, value]) => other.get(key) === value);
}
