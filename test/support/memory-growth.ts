import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const KIB = 1024;
const MIB = 1024 * KIB;
/** So often that what is there for a tenth of a second is seen. */
const SAMPLE_MS = 20;

/** How much memory processes have taken since it was made. */
export class MemoryGrowth {
  readonly #pids: Readonly<Record<string, number>>;
  readonly #before: ReadonlyMap<string, number>;
  readonly #most: Map<string, number>;

  constructor(pids: Readonly<Record<string, number>>) {
    this.#pids = pids;
    this.#before = new Map(Object.entries(pids).map(([name, pid]) => [name, residentBytes(pid)]));
    this.#most = new Map(this.#before);
  }

  sample(): void {
    for (const [name, pid] of Object.entries(this.#pids)) {
      this.#most.set(name, Math.max(this.#most.get(name) ?? 0, residentBytes(pid)));
    }
  }

  /** Samples until a promise settles. */
  async during<Value>(work: Promise<Value>): Promise<Value> {
    let isOver = false;
    const settle = () => {
      isOver = true;
    };
    work.then(settle, settle);
    while (!isOver) {
      this.sample();
      await setTimeout(SAMPLE_MS);
    }
    return work;
  }

  /** Also says how much it was, for whoever has to judge a failure. */
  assertWithin(bytes: number): void {
    const grown = Array.from(this.#most, ([name, most]) => ({
      name,
      grewMiB: Math.round((most - (this.#before.get(name) ?? 0)) / MIB),
    }));
    console.log(`      ${grown.map(({ name, grewMiB }) => `${name}: ${grewMiB} MiB`).join(", ")}`);
    assert.deepEqual(
      grown.filter(({ grewMiB }) => grewMiB > bytes / MIB),
      [],
    );
  }
}

/** What a process has in memory now. */
export function residentBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  assert.ok(kibibytes !== undefined, `process ${pid} has no memory`);
  return Number(kibibytes) * KIB;
}
