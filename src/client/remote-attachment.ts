import type { Duplex } from "node:stream";
import {
  type ClientMessage,
  HOST_FRAMES,
  type HostMessage,
  hostMessageSchema,
  parseControl,
  SESSION_ID_HEADER,
} from "../api/attach-protocol.ts";
import { FrameParser, type FramePiece, type FrameType, frameHeader } from "../api/frame.ts";
import { fromWireError } from "../api/wire-error.ts";
import type { OutputChunk } from "../session/output-log.ts";
import { errorText, type SessionError } from "../session/session-error.ts";
import type { Attachment, AttachmentEnd, SessionService } from "../session/session-service.ts";
import { badAnswer, brokenConnection } from "./host-failure.ts";
import type { UpgradedConnection } from "./host-request.ts";
import { RemoteInput } from "./remote-input.ts";
import { RemoteOutput } from "./remote-output.ts";

export interface RemoteAttachmentOptions {
  readonly connection: UpgradedConnection;
  /** Where the host is, for sentences. */
  readonly place: string;
  /** A consumer has the connection, on which it acknowledges output and is forgotten, until it closes its attachment. */
  readonly isConsumer: boolean;
  /** See AttachOptions. */
  readonly borrow: boolean;
  /** Takes what is written once the attachment has ended, since its session may go on. */
  readonly service: Pick<SessionService, "write" | "endInput">;
  readonly onClose: () => void;
}

/** An attachment whose session is in another process, over a connection of its own. */
export class RemoteAttachment implements Attachment {
  readonly sessionId: string;
  readonly #options: RemoteAttachmentOptions;
  readonly #socket: Duplex;
  readonly #parser = new FrameParser(HOST_FRAMES);
  readonly #output: RemoteOutput;
  readonly #input: RemoteInput;
  readonly #ended = Promise.withResolvers<AttachmentEnd>();
  /** How it ended, once nothing more comes from the host. */
  #end: AttachmentEnd | undefined;
  #isClosed = false;
  #advanced = -1;
  #isAdvancing = false;

  constructor(options: RemoteAttachmentOptions) {
    const { socket, head, headers } = options.connection;
    this.sessionId = String(headers[SESSION_ID_HEADER]);
    this.#options = options;
    this.#socket = socket;
    this.#output = new RemoteOutput((bytes) => this.#tell({ kind: "read", bytes }), options.borrow);
    this.#input = new RemoteInput((data) =>
      data === "end" ? this.#tell({ kind: "endInput" }) : this.#send("stdin", data),
    );
    // The host ends its half when it has nothing more to say.
    socket.allowHalfOpen = true;
    socket.once("end", () => this.#leave());
    socket.on("error", (error) => this.#fail(brokenConnection(options.place, error, true)));
    socket.on("close", () => this.#onClose());
    if (head.length > 0) this.#receive(head);
    socket.takeReads((bytes) => this.#receive(bytes));
  }

  get ended(): Promise<AttachmentEnd> {
    return this.#ended.promise;
  }

  [Symbol.asyncIterator](): AsyncIterator<OutputChunk> {
    const chunks = this.#output.read();
    return {
      next: async () => {
        const result = await chunks.next();
        if (result.done && this.#end !== undefined) this.#ended.resolve(this.#end);
        return result;
      },
      return: async () => {
        this.close();
        await chunks.return();
        return { done: true, value: undefined };
      },
    };
  }

  write(data: Uint8Array): Promise<void> {
    return this.#end === undefined
      ? this.#input.write(data)
      : this.#options.service.write(this.sessionId, data);
  }

  endInput(): Promise<void> {
    return this.#end === undefined ? this.#input.end() : this.#options.service.endInput(this.sessionId);
  }

  advance(offset: number): void {
    if (!(offset > this.#advanced)) return;
    this.#advanced = Math.min(Math.floor(offset), Number.MAX_SAFE_INTEGER);
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    // One message for all that a consumer acknowledges in one go.
    setImmediate(() => this.#tellAdvance());
  }

  close(options: { readonly forget?: boolean } = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tellAdvance();
    this.#tell({ kind: "close", forget: options.forget ?? false });
    this.#finish({ kind: "detached", by: "close" });
    if (!this.#input.isPending) this.#socket.end();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const piece of this.#parser.push(chunk)) this.#take(piece);
    } catch (error) {
      this.#fail(badAnswer(`what is no attachment: ${errorText(error)}`, error));
      this.#socket.destroy();
    }
  }

  #take(piece: FramePiece): void {
    if (piece.type === "control") {
      this.#obey(parseControl(hostMessageSchema, piece.data));
    } else if (
      this.#end === undefined &&
      piece.type !== "stdin" &&
      !this.#output.receive(piece.type, piece)
    ) {
      throw new Error("it sent more output than it was asked for");
    }
  }

  #obey(message: HostMessage): void {
    switch (message.kind) {
      case "at":
        this.#output.moveTo(message.offset);
        break;
      case "gap":
        if (this.#end === undefined) this.#output.receiveGap(message.offset, message.bytes);
        break;
      case "taken":
        this.#settleInput(null);
        break;
      case "refused":
        this.#settleInput(fromWireError(message.error));
        break;
      case "end":
        this.#finish(message.end);
        this.#leave();
        break;
      case "error":
        this.#fail(fromWireError(message.error));
        this.#socket.end();
        break;
    }
  }

  #settleInput(refusal: SessionError | null): void {
    if (!this.#input.settle(refusal)) throw new Error("it answered input that nobody had sent");
  }

  /** Ends this half of the connection, unless a consumer may still have something to say. */
  #leave(): void {
    const end = this.#end?.kind;
    const mayStillSpeak =
      this.#options.isConsumer && !this.#isClosed && end !== undefined && end !== "removed";
    if (!mayStillSpeak) this.#socket.end();
  }

  /** Nothing more comes. Of a session that ended, what has come is still to be read, and then it has ended for the reader. */
  #finish(end: AttachmentEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (end.kind === "detached") {
      this.#output.stop();
      this.#ended.resolve(end);
    } else {
      this.#output.end();
    }
  }

  #fail(error: SessionError): void {
    this.#input.fail(error);
    if (this.#end !== undefined) return;
    this.#end = { kind: "detached", by: "failure" };
    this.#output.stop(error);
    this.#ended.resolve(this.#end);
  }

  #onClose(): void {
    this.#fail(brokenConnection(this.#options.place, new Error("it was closed"), true));
    this.#options.onClose();
  }

  #tellAdvance(): void {
    if (!this.#isAdvancing) return;
    this.#isAdvancing = false;
    this.#tell({ kind: "advance", offset: this.#advanced });
  }

  #tell(message: ClientMessage): void {
    this.#send("control", Buffer.from(JSON.stringify(message)));
  }

  #send(type: FrameType, data: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    this.#socket.write(frameHeader(type, data.length));
    this.#socket.write(data);
    this.#socket.uncork();
  }
}
