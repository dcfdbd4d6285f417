import { freeBuffer } from "../session/free-buffer.ts";
import type { OutputStream } from "../session/output-log.ts";

/** A piece of output in memory; one frame on disk. */
export interface TailEntry {
  readonly stream: OutputStream;
  readonly offset: number;
  /** How much of the output before `offset` was standard error. */
  readonly stderrBefore: number;
  readonly data: Buffer;
  /** So many readers use the bytes now: the entry may go, but its bytes stay as they are until it has none. */
  borrowers: number;
  /** It is in memory for its borrowers only. */
  isGone: boolean;
}

/** Lends an entry's bytes, until they are given back. */
export function lend(entry: TailEntry): void {
  entry.borrowers++;
}

/** The last one who gives back bytes of an entry that has gone frees them. */
export function giveBack(entry: TailEntry): void {
  entry.borrowers--;
  freeIfUnused(entry);
}

/** Its bytes go with it, or with its last borrower. */
export function letGo(entry: TailEntry): void {
  entry.isGone = true;
  freeIfUnused(entry);
}

function freeIfUnused({ isGone, borrowers, data }: TailEntry): void {
  if (isGone && borrowers === 0) freeBuffer(data);
}
