import type { NodeMessage } from "node-red";
import type { EndRecord } from "../session/exec-session.ts";
import type { OutputChunk, OutputData, OutputGap, OutputStream } from "../session/output-log.ts";
import { SessionError } from "../session/session-error.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment, SessionService } from "../session/session-service.ts";
import type { Send } from "./input-edge.ts";
import { inspectIfThere } from "./inspect-if-there.ts";
import { type PieceRule, takePieces, takeRest } from "./output-pieces.ts";
import { firstUnsent } from "./resume-file.ts";
import type { ResumeEntry, ResumeRegistry } from "./resume-registry.ts";
import { createReturnCode, type ReturnCode } from "./return-code.ts";
import type { SessionMessages } from "./session-message.ts";
import { Turn } from "./turn.ts";

export interface SessionDeliveryOptions {
  readonly entry: ResumeEntry;
  readonly attachment: Attachment;
  readonly service: SessionService;
  /** The session when the delivery began. */
  readonly session: SessionInspect;
  readonly messages: SessionMessages;
  readonly rule: PieceRule;
  readonly registry: ResumeRegistry;
  readonly send: Send;
  /** While messages had better wait, when that will be over. */
  readonly pause: () => Promise<void> | undefined;
  /** Told of output that was dropped before it could be read. */
  readonly onGap: (gap: OutputGap) => void;
}

/** How a session's end was delivered. */
export interface DeliveredEnd {
  readonly end: EndRecord;
  readonly rc: ReturnCode;
  readonly session: SessionInspect;
}

/** Carries one session's output and end into a flow, for as long as one life of its node lasts. */
export class SessionDelivery {
  readonly #options: SessionDeliveryOptions;
  readonly #detached = Promise.withResolvers<void>();
  /**
   * Half of what the log keeps. Bytes that wait for the rest of their line are acknowledged beyond this, so that a log which
   * blocks the command when it is full never waits for a line that cannot end.
   */
  readonly #maxUnacknowledged: number;
  #isDetached = false;

  constructor(options: SessionDeliveryOptions) {
    this.#options = options;
    this.#maxUnacknowledged = options.session.outputLimits.maxBytes / 2;
    options.registry.save(options.entry);
  }

  /**
   * Resolves once the end has been sent; with undefined if the delivery was detached first, and is to be resumed. Throws what
   * `isHostTrouble` knows if the session's service went away meanwhile; then the same entry can be delivered further.
   */
  async run(): Promise<DeliveredEnd | undefined> {
    const { attachment } = this.#options;
    const turn = new Turn();
    for await (const chunk of attachment) {
      await this.#pause();
      if (this.#isDetached) return undefined;
      this.#deliver(chunk);
      attachment.advance(this.#acknowledgedOffset());
      await turn.endWhenLong(chunk);
    }
    const how = await attachment.ended;
    if (this.#isDetached) return undefined;
    if (how.kind === "detached") throw this.#brokenOff();
    if (how.end === null) throw this.#removedBeforeEnd();
    return this.#deliverEnd(how.end, { isCut: how.kind === "removed" });
  }

  /** Sends nothing more, from now on. The session's output is kept for the node's next life. */
  detach(): void {
    const { attachment, registry, entry } = this.#options;
    this.#isDetached = true;
    this.#detached.resolve();
    attachment.close();
    registry.settle(entry);
  }

  async #pause(): Promise<void> {
    const pause = this.#options.pause();
    if (pause !== undefined) await Promise.race([pause, this.#detached.promise]);
  }

  #deliver(chunk: OutputChunk): void {
    const { entry, registry } = this.#options;
    if (chunk.kind === "data") this.#deliverData(chunk);
    else this.#deliverGap(chunk);
    registry.save(entry);
  }

  #deliverData({ stream, offset: start, data: all }: OutputData): void {
    const { entry, rule, messages } = this.#options;
    const cursor = entry.streams[stream];
    entry.position = start + all.length;
    const offset = Math.max(start, cursor.from);
    if (offset >= entry.position) return;
    const pieces = takePieces(cursor, rule, { offset, data: all.subarray(offset - start) });
    this.#send(
      stream,
      pieces.map((piece) => messages.chunk(stream, piece, cursor)),
    );
  }

  /** What was pending before a gap is told as it is, so that nothing is joined with what follows the gap. */
  #deliverGap(gap: OutputGap): void {
    const { entry, messages, onGap } = this.#options;
    entry.position = gap.offset + gap.bytes;
    for (const stream of ["stdout", "stderr"] as const) {
      const cursor = entry.streams[stream];
      const rest = takeRest(cursor, true);
      if (rest !== undefined) this.#send(stream, [messages.chunk(stream, rest, cursor)]);
      cursor.missingBytes += gap.bytes;
    }
    onGap(gap);
  }

  #send(stream: OutputStream, messages: NodeMessage[]): void {
    if (messages.length > 0) this.#options.send(stream === "stdout" ? [messages] : [null, messages]);
  }

  async #deliverEnd(
    end: EndRecord,
    { isCut }: { readonly isCut: boolean },
  ): Promise<DeliveredEnd | undefined> {
    const { entry, messages, registry, send, service } = this.#options;
    const inspected = await inspectIfThere(service, entry.sessionId);
    await this.#pause();
    if (this.#isDetached) return undefined;
    const rc = { ...createReturnCode(end, inspected), ...(isCut && { removed: true as const }) };
    const session = inspected ?? endedSession(this.#options.session, end);
    send([this.#lastChunk("stdout", rc), this.#lastChunk("stderr", rc), messages.end(rc, session)]);
    registry.remove(entry);
    this.#options.attachment.close({ forget: true });
    return { end, rc, session };
  }

  /** As Node-RED's own exec node has it: standard output always has a last message, standard error only if there was any. */
  #lastChunk(stream: OutputStream, rc: ReturnCode): NodeMessage | null {
    const { entry, messages } = this.#options;
    const cursor = entry.streams[stream];
    const rest = takeRest(cursor, false);
    if (rest === undefined && stream === "stderr" && cursor.sent === 0) return null;
    const piece = rest ?? { offset: entry.position, data: Buffer.alloc(0), isPartial: false };
    return messages.lastChunk(stream, piece, cursor, rc);
  }

  /** Before the first byte that has not been sent, unless that is too far back. */
  #acknowledgedOffset(): number {
    const { position, streams } = this.#options.entry;
    const first = Math.min(firstUnsent(streams.stdout, position), firstUnsent(streams.stderr, position));
    return Math.max(first, position - this.#maxUnacknowledged);
  }

  #brokenOff(): SessionError {
    const short = this.#options.entry.sessionId.slice(0, 12);
    return new SessionError("EXEC_CLOSED", `The service of session ${short} was closed while it was read.`);
  }

  #removedBeforeEnd(): SessionError {
    const { entry, registry } = this.#options;
    registry.remove(entry);
    return new SessionError(
      "EXEC_SESSION_NOT_FOUND",
      `Session ${entry.sessionId.slice(0, 12)} was removed before it had run.`,
      { details: { sessionId: entry.sessionId } },
    );
  }
}

/** What inspect would have said of a session that was removed right after its end. */
function endedSession(session: SessionInspect, end: EndRecord): SessionInspect {
  return {
    ...session,
    state: "stopped",
    Running: false,
    CanRemove: true,
    Pid: 0,
    ExitCode: end.exitCode,
    startedAt: end.startedAt,
    end,
  };
}
