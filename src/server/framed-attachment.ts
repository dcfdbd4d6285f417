import type { Duplex } from "node:stream";
import {
  CLIENT_FRAMES,
  type ClientMessage,
  clientMessageSchema,
  FRAME_COST_BYTES,
  type HostMessage,
  OUTPUT_WINDOW_BYTES,
  parseControl,
} from "../api/attach-protocol.ts";
import { Credit } from "../api/credit.ts";
import { FrameParser, type FramePiece, frameHeader } from "../api/frame.ts";
import { toWireError } from "../api/wire-error.ts";
import type { OutputChunk, OutputData } from "../session/output-log.ts";
import type { Attachment } from "../session/session-service.ts";
import { waitUntilDrained } from "./drained.ts";
import { InputQueue } from "./input-queue.ts";
import { sendOutput } from "./send-output.ts";

/** A client that leaves so many bytes of ours unread is not listened to until it has read them. */
const MAX_UNREAD_BYTES = 64 * 1024;

/**
 * Serves one attachment of our own client on an upgraded connection; one that lends its bytes is enough. It ends with the
 * attachment, or the attachment with it.
 */
export function serveAttachment(socket: Duplex, attachment: Attachment): void {
  new FramedAttachment(socket, attachment).begin();
}

class FramedAttachment {
  readonly #socket: Duplex;
  readonly #attachment: Attachment;
  readonly #parser = new FrameParser(CLIENT_FRAMES);
  readonly #credit = new Credit();
  readonly #input: InputQueue;
  #isSending = false;
  /** The last message has been sent. */
  #hasEnded = false;
  /** The client has broken the rules, and is not listened to any more. */
  #isBroken = false;
  /** Where the client thinks that the output goes on. */
  #offset = 0;

  constructor(socket: Duplex, attachment: Attachment) {
    this.#socket = socket;
    this.#attachment = attachment;
    this.#input = new InputQueue(attachment, (answer) => this.#tell(answer));
  }

  begin(): void {
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    // Our client says what it wants; if its connection just ends it has vanished, and the command's input stays open.
    this.#socket.once("end", () => this.#attachment.close());
    this.#socket.once("close", () => this.#letGo());
    void this.#attachment.ended.then(async (end) => {
      // Input that came before is answered first, so that its sender learns what became of it.
      await this.#input.whenAnswered();
      this.#end({ kind: "end", end });
    });
    if (this.#socket.destroyed) this.#letGo();
  }

  #receive(chunk: Buffer): void {
    if (this.#isBroken) return;
    try {
      for (const piece of this.#parser.push(chunk)) this.#take(piece);
    } catch (error) {
      this.#isBroken = true;
      this.#end({ kind: "error", error: toWireError(error) });
      this.#letGo();
      this.#socket.end(() => this.#socket.destroy());
      return;
    }
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) void this.#listenAgainOnceRead();
  }

  async #listenAgainOnceRead(): Promise<void> {
    this.#socket.pause();
    await waitUntilDrained(this.#socket);
    this.#socket.resume();
  }

  #take({ type, data, isLast }: FramePiece): void {
    if (type === "control") this.#obey(parseControl(clientMessageSchema, data));
    else if (!this.#hasEnded) this.#input.push(data, isLast);
  }

  /** After the end a consumer may still acknowledge what it has been sent, and be forgotten. */
  #obey(message: ClientMessage): void {
    switch (message.kind) {
      case "read":
        this.#credit.grant(message.bytes);
        if (!this.#isSending && !this.#hasEnded) void this.#sendOutput();
        break;
      case "advance":
        this.#attachment.advance(message.offset);
        break;
      case "endInput":
        if (!this.#hasEnded) this.#input.end();
        break;
      case "close":
        this.#attachment.close({ forget: message.forget });
        break;
    }
  }

  /** From the client's first credit on; the end of the attachment is told elsewhere. */
  async #sendOutput(): Promise<void> {
    this.#isSending = true;
    try {
      for await (const chunk of this.#attachment) await this.#sendChunk(chunk);
    } catch (error) {
      this.#end({ kind: "error", error: toWireError(error) });
      this.#attachment.close();
    }
  }

  async #sendChunk(chunk: OutputChunk): Promise<void> {
    if (chunk.kind === "data") {
      await this.#sendData(chunk);
    } else {
      this.#tell({ kind: "gap", offset: chunk.offset, bytes: chunk.bytes });
      this.#offset = chunk.offset + chunk.bytes;
    }
  }

  async #sendData({ stream, offset, data }: OutputData): Promise<void> {
    if (offset !== this.#offset) this.#tell({ kind: "at", offset });
    this.#offset = offset + data.length;
    let rest = data;
    while (rest.length > 0) {
      const credit = await this.#credit.atLeast(FRAME_COST_BYTES + 1);
      if (credit === 0) return;
      const part = rest.subarray(0, Math.min(credit - FRAME_COST_BYTES, OUTPUT_WINDOW_BYTES));
      rest = rest.subarray(part.length);
      this.#credit.spend(part.length + FRAME_COST_BYTES);
      const sending = sendOutput(this.#socket, { stream, data: part });
      if (sending !== undefined) await sending;
    }
  }

  #tell(message: HostMessage): void {
    if (this.#hasEnded) return;
    const text = Buffer.from(JSON.stringify(message));
    this.#socket.cork();
    this.#socket.write(frameHeader("control", text.length));
    this.#socket.write(text);
    this.#socket.uncork();
  }

  /** The last message. The client's half stays open: it may still be sending while it reads what was written before. */
  #end(last: HostMessage): void {
    if (this.#hasEnded) return;
    this.#tell(last);
    this.#hasEnded = true;
    this.#credit.close();
    this.#socket.end();
  }

  #letGo(): void {
    this.#hasEnded = true;
    this.#credit.close();
    this.#attachment.close();
  }
}
