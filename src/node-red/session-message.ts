import type { NodeAPI, NodeMessage } from "node-red";
import type { OutputStream } from "../session/output-log.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Piece, PieceRule, StreamCursor } from "./output-pieces.ts";
import type { ReturnCode } from "./return-code.ts";

/** Properties that only exec-start sets; those of an earlier session in the same flow are not passed on. */
const OWN_PROPERTIES = ["stream", "offset", "partial", "missing", "rc", "exitCode"] as const;

/** Makes the messages of one session. Each has all properties of the message that started it. */
export class SessionMessages {
  readonly #clone: NodeAPI["util"]["cloneMessage"];
  readonly #base: NodeMessage;
  readonly #rule: PieceRule;
  readonly #sessionId: string;

  constructor(RED: NodeAPI, started: NodeMessage, session: SessionInspect, rule: PieceRule) {
    this.#clone = RED.util.cloneMessage;
    // The payload is left out, since every message gets its own: a large standard input is not copied with each chunk.
    const { payload: _, ...base } = started;
    this.#base = { ...base, sessionId: session.ID, session };
    for (const property of OWN_PROPERTIES) delete this.#base[property];
    this.#rule = rule;
    this.#sessionId = session.ID;
  }

  /** The next message of a stream. Counts it in the cursor. */
  chunk(stream: OutputStream, piece: Piece, cursor: StreamCursor): NodeMessage {
    const message: NodeMessage = {
      ...this.#clone(this.#base),
      payload: this.#rule.isText ? piece.data.toString() : Buffer.from(piece.data),
      stream,
      offset: piece.offset,
      parts: this.#parts(stream, cursor.sent),
    };
    if (piece.isPartial) message.partial = true;
    if (cursor.missingBytes > 0) message.missing = cursor.missingBytes;
    cursor.missingBytes = 0;
    cursor.sent++;
    return message;
  }

  /** The last message of a stream: by its count, Join knows that it has all. */
  lastChunk(stream: OutputStream, piece: Piece, cursor: StreamCursor, rc: ReturnCode): NodeMessage {
    const message = this.chunk(stream, piece, cursor);
    return {
      ...message,
      parts: { ...this.#parts(stream, cursor.sent - 1), count: cursor.sent },
      ...endOf(rc),
    };
  }

  /** The message that the session has ended; it belongs to whatever sequence the starting message belongs to. */
  end(rc: ReturnCode, session: SessionInspect): NodeMessage {
    return { ...this.#clone(this.#base), payload: { ...rc }, session, ...endOf(rc) };
  }

  #parts(stream: OutputStream, index: number): Record<string, unknown> {
    const { unit, isText } = this.#rule;
    return {
      id: `${this.#sessionId}:${stream}`,
      type: isText ? "string" : "buffer",
      // What Join puts between two pieces; it takes a missing one for Buffers only.
      ...((isText || unit === "line") && { ch: unit === "line" ? "\n" : "" }),
      index,
      ...(this.#base.parts !== undefined && { parts: this.#base.parts }),
    };
  }
}

function endOf(rc: ReturnCode): Pick<NodeMessage, "rc" | "exitCode"> {
  return { rc, exitCode: rc.code };
}
