import { FRAME_COST_BYTES, OUTPUT_WINDOW_BYTES } from "../api/attach-protocol.ts";
import type { FramePiece } from "../api/frame.ts";
import { freeBuffer } from "../session/free-buffer.ts";
import type { OutputChunk, OutputStream } from "../session/output-log.ts";

/** What has been read is granted anew in portions of this size: rarely enough to cost nothing, early enough not to stall. */
const GRANT_BYTES = OUTPUT_WINDOW_BYTES / 4;

/** A chunk, and what it costs of the window. */
interface Received {
  readonly chunk: OutputChunk;
  readonly cost: number;
}

/** Output that has come and has not been read yet: never more than the window, however slow the reader is. */
export class RemoteOutput {
  readonly #grant: (bytes: number) => void;
  readonly #borrow: boolean;
  #received: Received[] = [];
  #granted = 0;
  #read = 0;
  #offset = 0;
  #failure: Error | undefined;
  #hasEnded = false;
  #changed = Promise.withResolvers<void>();

  /** `borrow`: the bytes of a chunk are only lent to the reader, until it asks for the next one. */
  constructor(grant: (bytes: number) => void, borrow: boolean) {
    this.#grant = grant;
    this.#borrow = borrow;
  }

  /** Part of a frame of output, to be copied. False: it is more than was granted. */
  receive(stream: OutputStream, { data, isLast }: FramePiece): boolean {
    const cost = data.length + (isLast ? FRAME_COST_BYTES : 0);
    this.#granted -= cost;
    if (data.length === 0) this.#countRead(cost);
    else this.#add({ kind: "data", stream, offset: this.#offset, data: Buffer.from(data) }, cost);
    this.#offset += data.length;
    return this.#granted >= 0;
  }

  /** What follows begins at this offset. */
  moveTo(offset: number): void {
    this.#offset = offset;
  }

  /** Output that is no longer kept. */
  receiveGap(offset: number, bytes: number): void {
    this.#add({ kind: "gap", offset, bytes }, 0);
    this.#offset = offset + bytes;
  }

  /** Nothing more comes; what has come is still to be read. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Nothing more is to be read. With an error, reading throws it after what has come. */
  stop(failure?: Error): void {
    if (failure === undefined) this.#received = [];
    this.#failure = failure;
    this.end();
  }

  /** Everything in order; from the first call on, output is asked for. Throws if it was stopped with an error. */
  async *read(): AsyncGenerator<OutputChunk, void> {
    this.#grantMore(OUTPUT_WINDOW_BYTES);
    for (;;) {
      const next = this.#received.shift();
      if (next !== undefined) {
        this.#countRead(next.cost);
        yield next.chunk;
        if (this.#borrow && next.chunk.kind === "data") freeBuffer(next.chunk.data);
      } else if (!this.#hasEnded) {
        await this.#changed.promise;
      } else {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      }
    }
  }

  #add(chunk: OutputChunk, cost: number): void {
    this.#received.push({ chunk, cost });
    this.#wake();
  }

  #countRead(cost: number): void {
    this.#read += cost;
    if (this.#read < GRANT_BYTES || this.#hasEnded) return;
    this.#grantMore(this.#read);
    this.#read = 0;
  }

  #grantMore(bytes: number): void {
    this.#granted += bytes;
    this.#grant(bytes);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
