import { setImmediate } from "node:timers/promises";
import type { NodeMessage } from "node-red";
import type { EndRecord } from "../session/exec-session.ts";
import type { OutputChunk, OutputData, OutputGap, OutputStream } from "../session/output-log.ts";
import { SessionError } from "../session/session-error.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment, SessionService } from "../session/session-service.ts";
import { acknowledgedOffset, maxUnwrittenBytes } from "./acknowledged-offset.ts";
import type { Send } from "./input-edge.ts";
import { inspectIfThere } from "./inspect-if-there.ts";
import { type PieceRule, takePieces, takeRest } from "./output-pieces.ts";
import {
  copyProgress,
  type DeliveryProgress,
  type ResumeEntry,
  type ResumeRegistry,
} from "./resume-registry.ts";
import { createReturnCode, type ReturnCode } from "./return-code.ts";
import type { SessionMessages } from "./session-message.ts";
import { Turn } from "./turn.ts";

export interface SessionDeliveryOptions {
  readonly entry: ResumeEntry;
  /** May lend its bytes. */
  readonly attachment: Attachment;
  readonly service: SessionService;
  /** The session when the delivery began. */
  readonly session: SessionInspect;
  readonly messages: SessionMessages;
  readonly rule: PieceRule;
  readonly registry: ResumeRegistry;
  readonly send: Send;
  /** Called before messages are sent; what it gives tells, once they have been handed over, whether their nodes took them. */
  readonly watchReceivers: () => () => boolean;
  /** While messages had better wait, when to ask again. */
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

/**
 * Carries one session's output and end into a flow, for as long as one life of its node lasts. Node-RED hands over what is
 * sent in the event loop's next phase only, and drops it if it closes the receiving node before that. So the entry, which
 * others go on with, follows what has been sent only once that has arrived.
 */
export class SessionDelivery {
  readonly #options: SessionDeliveryOptions;
  readonly #detached = Promise.withResolvers<void>();
  /** How far messages have been sent. */
  readonly #sent: DeliveryProgress;
  /** Settles when it is known of everything sent so far whether it has arrived. */
  #arrivals: Promise<unknown> = Promise.resolve();
  #isDetached = false;
  /** A deploy has closed a node that messages were on their way to. */
  #isDropped = false;

  constructor(options: SessionDeliveryOptions) {
    this.#options = options;
    this.#sent = copyProgress(options.entry);
    this.#save();
  }

  /**
   * Resolves once the end has arrived; with undefined if the delivery was detached first, and is to be resumed by the node's
   * next life; with `again` if it is to be resumed by this one. Throws what `isHostTrouble` knows if the session's service
   * went away meanwhile; then the same entry can be delivered further.
   */
  async run(): Promise<DeliveredEnd | "again" | undefined> {
    try {
      await this.#deliverOutput();
    } finally {
      await this.#arrivals;
    }
    const { attachment } = this.#options;
    if (this.#isOver) return this.#interruption;
    const how = await attachment.ended;
    if (this.#isOver) return this.#interruption;
    if (how.kind === "detached") throw this.#brokenOff();
    if (how.end === null) throw this.#removedBeforeEnd();
    return this.#deliverEnd(how.end, { isCut: how.kind === "removed" });
  }

  /** Sends nothing more, from now on. The session's output is kept for the node's next life. */
  detach(): void {
    const { attachment, registry, entry } = this.#options;
    this.#isDetached = true;
    this.#detached.resolve();
    registry.settle(entry);
    this.#acknowledge();
    attachment.close();
  }

  get #isOver(): boolean {
    return this.#isDetached || this.#isDropped;
  }

  get #interruption(): "again" | undefined {
    return this.#isDetached ? undefined : "again";
  }

  async #deliverOutput(): Promise<void> {
    const { attachment } = this.#options;
    const turn = new Turn();
    for await (const chunk of attachment) {
      await this.#pause();
      if (this.#isOver) return;
      void this.#follow(() => this.#deliver(chunk));
      await turn.endWhenLong(chunk);
    }
  }

  async #pause(): Promise<void> {
    const { pause } = this.#options;
    for (let deploy = pause(); deploy !== undefined && !this.#isOver; deploy = pause()) {
      await Promise.race([deploy, this.#detached.promise]);
    }
  }

  /** Resolves with whether what `send` sends has arrived; in the order of the calls. */
  #follow(send: () => void): Promise<boolean> {
    const hasArrived = this.#options.watchReceivers();
    send();
    const arrival = this.#arrive(copyProgress(this.#sent), hasArrived);
    this.#arrivals = arrival;
    return arrival;
  }

  async #arrive(sent: DeliveryProgress, hasArrived: () => boolean): Promise<boolean> {
    const { entry, registry, attachment } = this.#options;
    await setImmediate();
    this.#isDropped ||= !hasArrived();
    if (this.#isDropped) {
      attachment.close();
      return false;
    }
    Object.assign(entry, sent);
    if (this.#isDetached) registry.settle(entry);
    else this.#save();
    this.#acknowledge();
    return true;
  }

  #save(): void {
    const { registry, entry, session } = this.#options;
    registry.save(entry, maxUnwrittenBytes(session.outputLimits));
  }

  #deliver(chunk: OutputChunk): void {
    if (chunk.kind === "data") this.#deliverData(chunk);
    else this.#deliverGap(chunk);
  }

  #deliverData({ stream, offset: start, data: all }: OutputData): void {
    const { rule, messages } = this.#options;
    const cursor = this.#sent.streams[stream];
    this.#sent.position = start + all.length;
    const offset = Math.max(start, cursor.from);
    if (offset >= this.#sent.position) return;
    const pieces = takePieces(cursor, rule, { offset, data: all.subarray(offset - start) });
    this.#send(
      stream,
      pieces.map((piece) => messages.chunk(stream, piece, cursor)),
    );
  }

  /** What was pending before a gap is told as it is, so that nothing is joined with what follows the gap. */
  #deliverGap(gap: OutputGap): void {
    const { messages, onGap } = this.#options;
    this.#sent.position = gap.offset + gap.bytes;
    for (const stream of ["stdout", "stderr"] as const) {
      const cursor = this.#sent.streams[stream];
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
  ): Promise<DeliveredEnd | "again" | undefined> {
    const { entry, messages, registry, send, service, attachment } = this.#options;
    const inspected = await inspectIfThere(service, entry.sessionId);
    await this.#pause();
    if (this.#isOver) return this.#interruption;
    const rc = { ...createReturnCode(end, inspected), ...(isCut && { removed: true as const }) };
    const session = inspected ?? endedSession(this.#options.session, end);
    const hasArrived = await this.#follow(() =>
      send([this.#lastChunk("stdout", rc), this.#lastChunk("stderr", rc), messages.end(rc, session)]),
    );
    if (!hasArrived) return this.#interruption;
    registry.remove(entry);
    attachment.close({ forget: true });
    return { end, rc, session };
  }

  /** As Node-RED's own exec node has it: standard output always has a last message, standard error only if there was any. */
  #lastChunk(stream: OutputStream, rc: ReturnCode): NodeMessage | null {
    const { messages } = this.#options;
    const cursor = this.#sent.streams[stream];
    const rest = takeRest(cursor, false);
    if (rest === undefined && stream === "stderr" && cursor.sent === 0) return null;
    const piece = rest ?? { offset: this.#sent.position, data: Buffer.alloc(0), isPartial: false };
    return messages.lastChunk(stream, piece, cursor, rc);
  }

  #acknowledge(): void {
    const { entry, registry, session, attachment } = this.#options;
    attachment.advance(acknowledgedOffset(entry, registry.neededFrom(entry), session.outputLimits));
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
