import { type HostMessage, INPUT_WINDOW_BYTES, INPUT_WINDOW_PIECES } from "../api/attach-protocol.ts";
import { toWireError } from "../api/wire-error.ts";
import { SessionError } from "../session/session-error.ts";
import type { Attachment } from "../session/session-service.ts";

/** A piece of input, or its end. */
type Input = Buffer | "end";

/**
 * Input on its way to the command, in order, each piece answered once it is taken or refused. While one waits for the
 * command the connection is still read, so that other messages are not held up; the windows bound what is kept meanwhile.
 */
export class InputQueue {
  readonly #attachment: Attachment;
  readonly #answer: (message: HostMessage) => void;
  readonly #waiting: Input[] = [];
  #bytes = 0;
  #feeding: Promise<void> | undefined;
  /** The parts of a frame that is not complete yet. */
  #parts: Buffer[] = [];

  constructor(attachment: Attachment, answer: (message: HostMessage) => void) {
    this.#attachment = attachment;
    this.#answer = answer;
  }

  /** Part of a piece of input. Throws EXEC_BAD_REQUEST if the client sends more than it may. */
  push(part: Buffer, isLast: boolean): void {
    this.#bytes += part.length;
    this.#parts.push(part);
    this.#assertWithinWindow();
    if (!isLast) return;
    this.#add(Buffer.concat(this.#parts));
    this.#parts = [];
  }

  /** The end of input, after all that came before it. */
  end(): void {
    this.#add("end");
  }

  /** Resolves when everything that has come so far is answered. */
  async whenAnswered(): Promise<void> {
    await this.#feeding;
  }

  #add(input: Input): void {
    this.#waiting.push(input);
    this.#assertWithinWindow();
    this.#feeding ??= this.#feed();
  }

  async #feed(): Promise<void> {
    for (;;) {
      const input = this.#waiting[0];
      if (input === undefined) break;
      this.#answer(await this.#write(input));
      this.#waiting.shift();
      if (input !== "end") this.#bytes -= input.length;
    }
    this.#feeding = undefined;
  }

  async #write(input: Input): Promise<HostMessage> {
    try {
      if (input === "end") await this.#attachment.endInput();
      else await this.#attachment.write(input);
      return { kind: "taken" };
    } catch (error) {
      return { kind: "refused", error: toWireError(error) };
    }
  }

  #assertWithinWindow(): void {
    const pieces = this.#waiting.length + this.#parts.length;
    if (this.#bytes <= INPUT_WINDOW_BYTES && pieces <= INPUT_WINDOW_PIECES) return;
    throw new SessionError(
      "EXEC_BAD_REQUEST",
      `A client may send ${INPUT_WINDOW_BYTES} bytes of input in ${INPUT_WINDOW_PIECES} pieces before they are answered.`,
    );
  }
}
