import type { OutputTotals } from "../session/exec-session.ts";
import type { OutputLog, OutputLogOptions, OutputLogs } from "../session/output-log.ts";
import { Consumers } from "./consumers.ts";
import { EndedLog } from "./ended-log.ts";
import { LiveLog } from "./live-log.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { recoverSegments } from "./recover-segments.ts";
import type { SegmentStorage } from "./segment-storage.ts";

/** Output logs over any storage of segments; all that one object makes share its memory budget. */
export class SegmentedLogs implements OutputLogs {
  readonly #storageOf: (bundle: string) => SegmentStorage;
  readonly #budget: MemoryBudget;

  constructor(storageOf: (bundle: string) => SegmentStorage, budget = new MemoryBudget()) {
    this.#storageOf = storageOf;
    this.#budget = budget;
  }

  create({ bundle, limits, observer }: OutputLogOptions): OutputLog {
    return new LiveLog({ storage: this.#storageOf(bundle), limits, observer, budget: this.#budget });
  }

  async open({
    bundle,
    limits,
    totals,
  }: OutputLogOptions & { readonly totals: OutputTotals }): Promise<OutputLog> {
    const storage = this.#storageOf(bundle);
    const [recovered, consumers] = await Promise.all([recoverSegments(storage), Consumers.open(storage)]);
    return new EndedLog({ storage, limits, totals, recovered, consumers });
  }
}
