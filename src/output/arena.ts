/** Many lines of output share one block; a session that says little costs no more than this. */
const BLOCK_BYTES = 16 * 1024;

/** Puts small pieces of output side by side, so that neighbours become one piece. */
export class Arena {
  #block = Buffer.alloc(0);
  #used = 0;

  /**
   * Copies a piece of at most a block. The result begins with `before` if that is the piece copied last and there was
   * room behind it; bytes that have been given out never change.
   */
  add(piece: Buffer, before: Buffer | undefined): Buffer {
    if (this.#block.length - this.#used < piece.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#isLast(before) ? this.#used - before.length : this.#used;
    piece.copy(this.#block, this.#used);
    this.#used += piece.length;
    return this.#block.subarray(start, this.#used);
  }

  /** Lets go of the block. */
  clear(): void {
    this.#block = Buffer.alloc(0);
    this.#used = 0;
  }

  #isLast(piece: Buffer | undefined): piece is Buffer {
    return (
      piece !== undefined &&
      piece.buffer === this.#block.buffer &&
      piece.byteOffset + piece.length === this.#block.byteOffset + this.#used
    );
  }
}
