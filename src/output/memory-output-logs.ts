import { MemorySegmentStorage } from "./memory-segment-storage.ts";
import { SegmentedLogs } from "./segmented-logs.ts";

/** Output logs in memory, for tests that need no disk. What they have written lasts as long as this object. */
export class MemoryOutputLogs extends SegmentedLogs {
  readonly #storages: Map<string, MemorySegmentStorage>;

  constructor() {
    const storages = new Map<string, MemorySegmentStorage>();
    super((bundle) => {
      const storage = storages.get(bundle) ?? new MemorySegmentStorage();
      storages.set(bundle, storage);
      return storage;
    });
    this.#storages = storages;
  }

  /** What the logs of a killed process had not written yet is never written. */
  crash(): void {
    for (const [bundle, storage] of this.#storages) this.#storages.set(bundle, storage.copy());
  }
}
