import type { Readable } from "node:stream";

/** A program's output, with what must be known to tell whether all of it has been read. */
export interface OutputSource extends Readable {
  /** What has come from the program so far, read by the session or not. */
  readonly receivedBytes: number;
  /** Whether nothing more is taken from the program until the session reads on. */
  readonly isBackedUp: boolean;
}
