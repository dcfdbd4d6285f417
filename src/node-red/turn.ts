import { setImmediate } from "node:timers/promises";
import type { OutputChunk } from "../session/output-log.ts";

/** So much output may wait in memory, as messages that were sent, for the flow to take it. */
const MAX_TURN_BYTES = 1024 * 1024;
/** Timers, other sessions and the flow itself wait no longer than this. */
const MAX_TURN_MS = 5;

/** One go at delivering output that is already there. Messages reach their nodes only once it is over. */
export class Turn {
  #bytes = 0;
  #startMs = performance.now();

  /** Lets the flow, and everything else, have its turn once this one has had enough of a go. */
  async endWhenLong(chunk: OutputChunk): Promise<void> {
    this.#bytes += chunk.kind === "data" ? chunk.data.length : 0;
    if (this.#bytes < MAX_TURN_BYTES && performance.now() - this.#startMs < MAX_TURN_MS) return;
    await setImmediate();
    this.#bytes = 0;
    this.#startMs = performance.now();
  }
}
