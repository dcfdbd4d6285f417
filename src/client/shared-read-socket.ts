import { Socket } from "node:net";

/** More than a Unix socket holds by default (208 KiB, net.core.wmem_default), so that one read empties it. */
const READ_BYTES = 256 * 1024;
/** What has been read is taken before anything else is read, so all connections can read into the same memory. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * A connection that takes no memory for its reads. Node.js takes 64 KiB for each, however little comes, and leaves it to the
 * garbage collector: of much output that was half of its reader's time.
 */
export class SharedReadSocket extends Socket {
  #take: ((bytes: Buffer) => void) | undefined;

  constructor() {
    super({ onread: { buffer: shared, callback: (count) => this.#onRead(shared.subarray(0, count)) } });
  }

  /** Gives what comes to `take`, from now on, and no longer to the stream's readers. The bytes are good for that call alone. */
  takeReads(take: (bytes: Buffer) => void): void {
    const early: Buffer | null = this.read();
    this.#take = take;
    if (early !== null) take(early);
    this.resume();
  }

  /** False: read no more until the stream's readers have read. */
  #onRead(bytes: Buffer): boolean {
    if (this.#take === undefined) return this.push(Buffer.from(bytes));
    this.#take(bytes);
    return true;
  }
}
