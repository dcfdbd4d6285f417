import { INPUT_WINDOW_BYTES, INPUT_WINDOW_PIECES, MAX_INPUT_FRAME_BYTES } from "../api/attach-protocol.ts";

/** The host counts the parts of a piece that is still on its way too. */
const MAX_PENDING_PIECES = INPUT_WINDOW_PIECES / 2;

/** A piece of input, or its end, until the host has answered it. */
interface Piece {
  readonly data: Uint8Array | "end";
  readonly answered: PromiseWithResolvers<void>;
}

/** Input on its way to the host, in order, no more of it at a time than the host will take. */
export class RemoteInput {
  readonly #send: (data: Uint8Array | "end") => void;
  readonly #waiting: Piece[] = [];
  readonly #pending: Piece[] = [];
  #pendingBytes = 0;

  constructor(send: (data: Uint8Array | "end") => void) {
    this.#send = send;
  }

  /** Whether the host still has to answer something. */
  get isPending(): boolean {
    return this.#pending.length + this.#waiting.length > 0;
  }

  /** Resolves when the host has taken everything; rejects with its refusal. */
  async write(data: Uint8Array): Promise<void> {
    await Promise.all(split(data).map((piece) => this.#add(piece)));
  }

  async end(): Promise<void> {
    await this.#add("end");
  }

  /** Takes the host's answer to the oldest pending piece; null: it was taken. False: nothing is pending. */
  settle(refusal: Error | null): boolean {
    const piece = this.#pending.shift();
    if (piece === undefined) return false;
    this.#pendingBytes -= lengthOf(piece);
    if (refusal === null) piece.answered.resolve();
    else piece.answered.reject(refusal);
    this.#sendWaiting();
    return true;
  }

  /** Nothing more is answered. */
  fail(error: Error): void {
    for (const { answered } of [...this.#pending.splice(0), ...this.#waiting.splice(0)])
      answered.reject(error);
  }

  #add(data: Uint8Array | "end"): Promise<void> {
    const piece = { data, answered: Promise.withResolvers<void>() };
    this.#waiting.push(piece);
    this.#sendWaiting();
    return piece.answered.promise;
  }

  #sendWaiting(): void {
    for (;;) {
      const piece = this.#waiting[0];
      if (piece === undefined || !this.#hasRoomFor(piece)) return;
      this.#waiting.shift();
      this.#pending.push(piece);
      this.#pendingBytes += lengthOf(piece);
      this.#send(piece.data);
    }
  }

  #hasRoomFor(piece: Piece): boolean {
    return (
      this.#pending.length < MAX_PENDING_PIECES && this.#pendingBytes + lengthOf(piece) <= INPUT_WINDOW_BYTES
    );
  }
}

function split(data: Uint8Array): Uint8Array[] {
  if (data.length <= MAX_INPUT_FRAME_BYTES) return [data];
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += MAX_INPUT_FRAME_BYTES) {
    pieces.push(data.subarray(at, at + MAX_INPUT_FRAME_BYTES));
  }
  return pieces;
}

function lengthOf({ data }: Piece): number {
  return data === "end" ? 0 : data.length;
}
