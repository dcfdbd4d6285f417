import assert from "node:assert/strict";
import type { OutputChunk, OutputLog, OutputStream } from "../../src/session/output-log.ts";

/** Every offset has its own byte, as far as a prime period goes, so that lost, repeated and exchanged bytes show. */
const PERIOD = 251;
const pattern = Buffer.from(Array.from({ length: PERIOD }, (_, index) => index));

/** The bytes that a test's command writes at an offset. */
export function bytesAt(offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const phase = offset % PERIOD;
  bytes.fill(Buffer.concat([pattern.subarray(phase), pattern.subarray(0, phase)]));
  return bytes;
}

/** Appends known output at the log's end. */
export function appendKnown(log: OutputLog, stream: OutputStream, length: number): boolean {
  const { stdoutBytes, stderrBytes } = log.totals;
  return log.append(stream, bytesAt(stdoutBytes + stderrBytes, length));
}

/** One range of what a reader got: the stream and where it ends, or a gap. */
export interface ReadRange {
  readonly kind: OutputStream | "gap";
  readonly from: number;
  readonly to: number;
}

/** Puts chunks of known output together; throws if a byte is wrong, repeated, out of order or missing without a gap. */
export class KnownReading {
  readonly #ranges: ReadRange[] = [];
  #at: number;
  #chunks = 0;

  constructor(offset = 0) {
    this.#at = offset;
  }

  get ranges(): readonly ReadRange[] {
    return this.#ranges;
  }

  /** Where the next chunk has to begin. */
  get at(): number {
    return this.#at;
  }

  get chunks(): number {
    return this.#chunks;
  }

  add(chunk: OutputChunk): void {
    assert.equal(chunk.offset, this.#at, "a chunk begins where the one before it ended");
    const length = chunk.kind === "gap" ? chunk.bytes : chunk.data.length;
    assert.ok(length > 0, "no chunk is empty");
    if (chunk.kind === "data" && !chunk.data.equals(bytesAt(this.#at, length))) {
      assert.fail(`the ${length} bytes at ${this.#at} are not those that were written`);
    }
    this.#addRange(chunk.kind === "gap" ? "gap" : chunk.stream, length);
    this.#chunks++;
  }

  #addRange(kind: ReadRange["kind"], length: number): void {
    const from = this.#at;
    this.#at += length;
    const last = this.#ranges.at(-1);
    if (last?.kind === kind) this.#ranges[this.#ranges.length - 1] = { ...last, to: this.#at };
    else this.#ranges.push({ kind, from, to: this.#at });
  }
}

/** Reads a finished log, or the rest of a live one until it finishes. */
export async function readKnown(log: OutputLog, offset = 0): Promise<KnownReading> {
  const reading = new KnownReading(offset);
  for await (const chunk of log.read({ offset })) reading.add(chunk);
  return reading;
}
