import { DEFAULT_DETACH_KEYS, DetachKeyFilter, parseDetachKeys } from "./detach-keys.ts";
import type { EndRecord } from "./exec-session.ts";
import type { LiveSession } from "./live-session.ts";
import type { OutputChunk, OutputLog } from "./output-log.ts";
import { SessionError, showValue } from "./session-error.ts";
import type { Attachment, AttachmentEnd, AttachOptions } from "./session-service.ts";

/** Joins a session's output. Throws EXEC_INVALID_ARGUMENT for a bad offset, or keys where there is no terminal. */
export async function attachToSession(
  session: LiveSession,
  options: AttachOptions,
  onDetach: () => void,
): Promise<Attachment> {
  assertOffset(options.offset);
  if (options.interactive && !session.record.config.tty) {
    throw new SessionError(
      "EXEC_NOT_A_TTY",
      `An interactive attachment needs a session with tty; ${session.record.id.slice(0, 12)} has none.`,
    );
  }
  // Output that is deleted while it is being opened is not there any more.
  const { generation } = session.output;
  const log = await session.output.acquire();
  return new SessionAttachment(session, { log, generation }, options, onDetach);
}

class SessionAttachment implements Attachment {
  readonly sessionId: string;
  readonly #session: LiveSession;
  readonly #log: OutputLog;
  readonly #consumer: string | undefined;
  readonly #offset: number;
  readonly #borrow: boolean;
  readonly #generation: number;
  readonly #filter: DetachKeyFilter | undefined;
  readonly #onDetach: () => void;
  readonly #reading = new AbortController();
  readonly #ended = Promise.withResolvers<AttachmentEnd>();
  #hasEnded = false;
  #isReleased = false;

  constructor(
    session: LiveSession,
    { log, generation }: { readonly log: OutputLog; readonly generation: number },
    options: AttachOptions,
    onDetach: () => void,
  ) {
    this.sessionId = session.record.id;
    this.#session = session;
    this.#log = log;
    this.#consumer = options.consumer;
    this.#offset =
      options.offset ?? (options.consumer === undefined ? undefined : log.position(options.consumer)) ?? 0;
    this.#borrow = options.borrow ?? false;
    this.#generation = generation;
    this.#filter = options.interactive ? createFilter(session.record.config.detachKeys) : undefined;
    this.#onDetach = onDetach;
    if (this.#consumer !== undefined) log.register(this.#consumer, this.#offset);
  }

  get ended(): Promise<AttachmentEnd> {
    return this.#ended.promise;
  }

  [Symbol.asyncIterator](): AsyncIterator<OutputChunk> {
    const chunks = this.#log
      .read({ offset: this.#offset, signal: this.#reading.signal, borrow: this.#borrow })
      [Symbol.asyncIterator]();
    return {
      next: async () => {
        const result = await chunks.next();
        if (result.done) await this.#endAfterOutput();
        return result;
      },
      return: async () => {
        this.close();
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#filter === undefined) return this.#session.write(data);
    const { forward, detached } = this.#filter.push(Buffer.from(data));
    if (forward.length > 0) await this.#session.write(forward);
    if (detached) {
      this.#onDetach();
      this.#end({ kind: "detached", by: "keys" });
    }
  }

  async endInput(): Promise<void> {
    const withheld = this.#filter?.flush();
    if (withheld !== undefined && withheld.length > 0) await this.#session.write(withheld);
    await this.#session.endInput();
  }

  advance(offset: number): void {
    if (this.#consumer !== undefined && !this.#isReleased) this.#log.advance(this.#consumer, offset);
  }

  close(options: { readonly forget?: boolean } = {}): void {
    if (this.#isReleased) return;
    if (options.forget && this.#consumer !== undefined) this.#log.unregister(this.#consumer);
    this.#end({ kind: "detached", by: "close" });
    this.#release();
  }

  async #endAfterOutput(): Promise<void> {
    if (this.#hasEnded) return;
    const isWhole = this.#generation === this.#session.output.generation;
    const end = isWhole ? await this.#sessionEndOrDetach() : null;
    this.#end(end === null ? { kind: "removed", end: this.#session.record.end } : { kind: "ended", end });
  }

  /** Output can end long before its session does, where an earlier manager had the command's streams. */
  #sessionEndOrDetach(): Promise<EndRecord | null> {
    const ended = this.#session.ended.catch(() => null);
    return Promise.race([ended, this.#ended.promise.then(() => null)]);
  }

  #end(end: AttachmentEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#reading.abort();
    this.#ended.resolve(end);
    // A consumer may still acknowledge what it has been given, and be forgotten then.
    if (this.#consumer === undefined || end.kind === "removed") this.#release();
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    void this.#session.output.release();
  }
}

function createFilter(detachKeys: string | undefined): DetachKeyFilter {
  return new DetachKeyFilter(parseDetachKeys(detachKeys ?? DEFAULT_DETACH_KEYS) ?? Buffer.alloc(0));
}

function assertOffset(offset: number | undefined): void {
  if (offset === undefined || (Number.isSafeInteger(offset) && offset >= 0)) return;
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `"offset" must be a whole number of bytes from 0; got ${showValue(offset)}.`,
    {
      details: { field: "offset" },
    },
  );
}
