import type { OutputLimits } from "./exec-config.ts";
import type { OutputTotals } from "./exec-session.ts";

export type OutputStream = "stdout" | "stderr";

/** A piece of output. Offsets count bytes of output, of both streams together, in the order they were read. */
export interface OutputData {
  readonly kind: "data";
  readonly stream: OutputStream;
  /** The offset of the first byte of `data`. */
  readonly offset: number;
  readonly data: Buffer;
}

/** Output that is no longer kept: the reader came too late for it. */
export interface OutputGap {
  readonly kind: "gap";
  /** The offset of the first missing byte. */
  readonly offset: number;
  readonly bytes: number;
}

export type OutputChunk = OutputData | OutputGap;

/**
 * The output of one session. Written by its session only; read by any number of readers, each at its own offset, none
 * of which blocks another.
 */
export interface OutputLog {
  readonly totals: OutputTotals;
  /**
   * Adds bytes read from the command; takes ownership of the buffer, and empties it when it is done with it. False: read no
   * more until `room()` resolves, because the log is full under the policy `block`, the disk is slower than the command, or
   * a consumer that reads fast will be there in a moment.
   */
  append(stream: OutputStream, data: Buffer): boolean;
  room(): Promise<void>;
  /** No more output comes. Resolves when all of it is on disk, or it is known that it cannot be. */
  finish(): Promise<void>;
  /** To the end of a finished log, waiting at the live edge; a piece that begins before the offset is cut to it. */
  read(options?: ReadOptions): AsyncIterable<OutputChunk>;
  /**
   * Registers a consumer, whose unread output is kept within the limits, at an offset. Its position outlives the log and,
   * but for the last seconds, also a crash.
   */
  register(consumer: string, offset: number): void;
  /** Says how far a consumer has come. */
  advance(consumer: string, offset: number): void;
  /** The consumer's position, or undefined if it is not registered. */
  position(consumer: string): number | undefined;
  /** Forgets a consumer and its position. */
  unregister(consumer: string): void;
  /** Ends every reader and lets go of files and memory; deletes nothing. */
  close(options?: CloseOptions): Promise<void>;
}

export interface ReadOptions {
  /** Where to begin. Absent: 0. */
  readonly offset?: number;
  /** Ends the reading early, without error. */
  readonly signal?: AbortSignal;
  /** The bytes of a piece are only lent, until the next one is asked for or the reading ends. Absent: they are the reader's. */
  readonly borrow?: boolean;
}

export interface CloseOptions {
  /** The log is about to be deleted, so where its consumers have come to need not be kept. Absent: false. */
  readonly discard?: boolean;
}

/** Told when unread output passes the limit under the policy `stop`, and when the disk refuses output. */
export interface OutputLogObserver {
  onLimit(): void;
  onError(error: Error): void;
}

export interface OutputLogOptions {
  /** The session's bundle; the log keeps its files in `output/` there. */
  readonly bundle: string;
  readonly limits: OutputLimits;
  readonly observer: OutputLogObserver;
}

/** Makes and re-opens output logs. */
export interface OutputLogs {
  /** An empty log for a session about to start; touches no disk before it must. */
  create(options: OutputLogOptions): OutputLog;
  /** The finished log of an ended session, or what a crash left of one. `totals` is what its record says of it. */
  open(options: OutputLogOptions & { readonly totals: OutputTotals }): Promise<OutputLog>;
}
