const KIB = 1024;

/** A step of the slowest consumer that counts as one. */
const STEP_BYTES = 64 * KIB;
/** After such a step the command waits no longer than this for the next: for consumers of some 6 MB/s and more. */
const STEP_MS = 10;
/** A consumer in another process, which has up to a MiB on the way to it, is never nearer when the command is fast. */
const CLOSE_BYTES = 1536 * KIB;

/**
 * Whether a log's slowest consumer reads so fast that the command had better wait for it a moment: read ahead of it, the
 * output would have to go through the disk, which takes several times as long.
 */
export class ConsumerPace {
  #position = 0;
  #steppedAtMs = Number.NEGATIVE_INFINITY;

  /** To be told whenever the slowest consumer has moved. */
  note(slowest: number | undefined): void {
    if (slowest === undefined || slowest < this.#position + STEP_BYTES) return;
    this.#position = slowest;
    this.#steppedAtMs = performance.now();
  }

  /** How long the command should wait for a consumer at this distance, in ms; 0: not at all. */
  waitMs(distance: number): number {
    if (distance <= CLOSE_BYTES) return 0;
    return Math.max(0, this.#steppedAtMs + STEP_MS - performance.now());
  }
}
