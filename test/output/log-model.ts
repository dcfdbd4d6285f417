import assert from "node:assert/strict";
import type { OutputLimits } from "../../src/session/exec-config.ts";
import type { OutputChunk, OutputLog, OutputStream } from "../../src/session/output-log.ts";
import { appendKnown, KnownReading, type ReadRange } from "./known-output.ts";

interface ModelReader {
  readonly chunks: AsyncIterator<OutputChunk>;
  readonly reading: KnownReading;
  readonly controller: AbortController;
}

/** A log together with what is known of it without its code: what was written, who has read what, what had to be kept. */
export class LogModel {
  readonly log: OutputLog;
  readonly #limits: OutputLimits;
  readonly #limitsTold: () => number;
  readonly #written: ReadRange[] = [];
  readonly #consumers = new Map<string, number>();
  #readers: ModelReader[] = [];
  #end = 0;
  #stderrBytes = 0;
  /** Nothing from here on was ever allowed to go. */
  #mayGoBefore = 0;
  #firstOffset = 0;
  #truncated = 0;
  #hasPassedLimit = false;

  constructor(log: OutputLog, limits: OutputLimits, limitsTold: () => number) {
    this.log = log;
    this.#limits = limits;
    this.#limitsTold = limitsTold;
  }

  get end(): number {
    return this.#end;
  }

  /** Appends, unless a full log has to be waited for. */
  append(stream: OutputStream, length: number): void {
    const { policy, maxBytes } = this.#limits;
    if (policy === "block" && this.#unread() >= maxBytes) return;
    this.#end += length;
    if (stream === "stderr") this.#stderrBytes += length;
    if (length > 0) this.#addWritten(stream, length);
    this.#notePassedLimit();
    const isWelcome = appendKnown(this.log, stream, length);
    if (policy === "block" && this.#unread() >= maxBytes) assert.equal(isWelcome, false);
    this.check();
  }

  register(consumer: string, offset: number): void {
    this.#consumers.set(consumer, Math.min(offset, this.#end));
    this.#notePassedLimit();
    this.log.register(consumer, offset);
    this.check();
  }

  advance(consumer: string, offset: number): void {
    const position = this.#consumers.get(consumer);
    if (position !== undefined && offset > position)
      this.#consumers.set(consumer, Math.min(offset, this.#end));
    this.log.advance(consumer, offset);
    assert.equal(this.log.position(consumer), this.#consumers.get(consumer));
    this.check();
  }

  unregister(consumer: string): void {
    this.#consumers.delete(consumer);
    this.#notePassedLimit();
    this.log.unregister(consumer);
    this.check();
  }

  openReader(offset: number): void {
    const controller = new AbortController();
    const chunks = this.log.read({ offset, signal: controller.signal })[Symbol.asyncIterator]();
    this.#readers.push({ chunks, controller, reading: new KnownReading(offset) });
  }

  /** Takes so many chunks as far as there are any. */
  async read(reader: number, chunks: number): Promise<void> {
    const found = this.#readers[reader % Math.max(1, this.#readers.length)];
    for (let count = 0; found !== undefined && count < chunks && found.reading.at < this.#end; count++) {
      assert.ok(await this.#readOne(found), "a reader does not end before a log that is not finished");
      this.check();
    }
  }

  async stopReader(reader: number, byAbort: boolean): Promise<void> {
    const [found] = this.#readers.splice(reader % Math.max(1, this.#readers.length), 1);
    if (found === undefined) return;
    if (byAbort) found.controller.abort();
    else await found.chunks.return?.();
    assert.deepEqual(await found.chunks.next(), { done: true, value: undefined });
  }

  /** Finishes the log and reads it to its end with every reader. */
  async finish(segmentBytes: number): Promise<void> {
    const finishing = this.log.finish();
    // Consumers go on while the last output is being written.
    for (const [consumer, position] of this.#consumers) {
      await Promise.resolve();
      this.advance(consumer, Math.floor((position + this.#end) / 2));
    }
    await finishing;
    this.check();
    const slack = segmentBytes + LARGEST_FRAME_BYTES;
    assert.ok(this.#firstOffset > this.#keepFrom() - slack, `${this.#firstOffset} leaves too much`);
    this.openReader(0);
    for (const reader of this.#readers) {
      while (await this.#readOne(reader)) this.check();
      assert.ok(reader.reading.at >= this.#end, "a reader reads to the end");
    }
  }

  /** What a new reader of the whole log has to find. */
  async checkAll(log: OutputLog): Promise<void> {
    const reading = new KnownReading(this.#firstOffset);
    for await (const chunk of log.read({ offset: this.#firstOffset })) {
      assert.equal(chunk.kind, "data", "what is kept has no gap");
      this.#checkStream(chunk);
      reading.add(chunk);
    }
    assert.equal(reading.at, this.#end);
  }

  /** Compares the log's totals with what they have to be. */
  check(): void {
    const { stdoutBytes, stderrBytes, firstOffset, truncated } = this.log.totals;
    assert.deepEqual([stdoutBytes, stderrBytes], [this.#end - this.#stderrBytes, this.#stderrBytes]);
    this.#mayGoBefore = Math.max(this.#mayGoBefore, this.#keepFrom());
    assert.ok(firstOffset >= this.#firstOffset, "what is gone does not come back");
    assert.ok(
      firstOffset <= this.#mayGoBefore,
      `${firstOffset} is more than ${this.#mayGoBefore}, so too much is gone`,
    );
    this.#truncated += Math.max(0, firstOffset - Math.max(this.#firstOffset, this.#slowest() ?? 0));
    this.#firstOffset = firstOffset;
    assert.equal(truncated, this.#truncated, "what goes unread is truncated");
    if (this.#limits.policy === "block") assert.equal(truncated, 0);
    assert.equal(this.#limitsTold(), this.#hasPassedLimit ? 1 : 0, "passing the limit is told once");
  }

  async #readOne({ chunks, reading }: ModelReader): Promise<boolean> {
    const { done, value } = await chunks.next();
    if (done) return false;
    this.#checkStream(value);
    if (value.kind === "gap")
      assert.ok(value.offset + value.bytes <= this.log.totals.firstOffset, "a gap is gone");
    reading.add(value);
    return true;
  }

  #checkStream(chunk: OutputChunk): void {
    if (chunk.kind === "gap") return;
    const range = this.#written.find(({ to }) => to > chunk.offset);
    assert.equal(range?.kind, chunk.stream);
    assert.ok(chunk.offset + chunk.data.length <= (range?.to ?? 0), "a chunk is of one stream");
  }

  #addWritten(kind: OutputStream, length: number): void {
    const last = this.#written.at(-1);
    const from = this.#end - length;
    if (last?.kind === kind) this.#written[this.#written.length - 1] = { ...last, to: this.#end };
    else this.#written.push({ kind, from, to: this.#end });
  }

  /** To be called after the model's change and before the log's: what is dropped because of a change has been unread. */
  #notePassedLimit(): void {
    const { policy, maxBytes } = this.#limits;
    if (policy === "stop" && this.#unread() > maxBytes) this.#hasPassedLimit = true;
  }

  #unread(): number {
    const { firstOffset } = this.log.totals;
    return this.#end - Math.max(firstOffset, this.#slowest() ?? 0);
  }

  #slowest(): number | undefined {
    return this.#consumers.size === 0 ? undefined : Math.min(...this.#consumers.values());
  }

  /** Output from this offset on has to be kept now. */
  #keepFrom(): number {
    const { maxBytes, replayBytes, policy } = this.#limits;
    const slowest = this.#slowest();
    const withinLimit = this.#end - maxBytes;
    if (slowest === undefined) return policy === "block" ? 0 : Math.max(0, withinLimit);
    const unblocked = policy === "block" ? Math.min(withinLimit, slowest) : withinLimit;
    return Math.max(0, slowest - replayBytes, unblocked);
  }
}

/** What a log can drop together at the least. */
const LARGEST_FRAME_BYTES = 64 * 1024;
