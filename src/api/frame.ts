import { SessionError } from "../session/session-error.ts";

/** What a frame carries: Docker's streams, and messages about the attachment itself. */
export const FRAME_TYPES = { stdin: 0, stdout: 1, stderr: 2, control: 3 } as const;
export type FrameType = keyof typeof FRAME_TYPES;

/** Docker's multiplexed streams begin each frame so: the type, three zero bytes, the length (big-endian). */
export const FRAME_HEADER_BYTES = 8;
const LENGTH_AT = 4;

/** The longest frame of each type that an end may send; it may send none of a type that is not named. */
export type FrameLimits = Readonly<Partial<Record<FrameType, number>>>;

/** The beginning of a frame; its bytes follow. */
export function frameHeader(type: FrameType, length: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt8(FRAME_TYPES[type], 0);
  header.writeUInt32BE(length, LENGTH_AT);
  return header;
}

/** A frame's bytes, or some of them. */
export interface FramePiece {
  readonly type: FrameType;
  /** Part of what was received, never a copy; only control messages come whole. */
  readonly data: Buffer;
  /** Whether the frame ends here. */
  readonly isLast: boolean;
}

/**
 * Takes a byte stream apart into frames, as it comes and without copying what it carries. Of what it is given it keeps
 * nothing, so that the memory can be used for the next bytes.
 */
export class FrameParser {
  readonly #maxBytes: FrameLimits;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #type: FrameType = "control";
  #missingBytes = 0;
  #control: Buffer[] = [];

  constructor(maxBytes: FrameLimits) {
    this.#maxBytes = maxBytes;
  }

  /** What the next bytes of the stream hold. Throws EXEC_BAD_REQUEST if they are no frames. */
  *push(chunk: Buffer): Generator<FramePiece, void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerBytes < FRAME_HEADER_BYTES) {
        at += this.#takeHeader(chunk.subarray(at));
        if (this.#headerBytes < FRAME_HEADER_BYTES || this.#missingBytes > 0) continue;
      }
      const data = chunk.subarray(at, at + this.#missingBytes);
      at += data.length;
      yield* this.#takeData(data);
    }
  }

  #takeHeader(bytes: Buffer): number {
    const taken = bytes.copy(this.#header, this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === FRAME_HEADER_BYTES) {
      this.#type = this.#parseType();
      this.#missingBytes = this.#header.readUInt32BE(LENGTH_AT);
      this.#assertLength();
    }
    return taken;
  }

  *#takeData(data: Buffer): Generator<FramePiece, void> {
    this.#missingBytes -= data.length;
    const isLast = this.#missingBytes === 0;
    if (isLast) this.#headerBytes = 0;
    if (this.#type !== "control") {
      yield { type: this.#type, data, isLast };
      return;
    }
    this.#control.push(isLast ? data : Buffer.from(data));
    if (!isLast) return;
    const whole = Buffer.concat(this.#control);
    this.#control = [];
    yield { type: "control", data: whole, isLast };
  }

  #parseType(): FrameType {
    const type = frameTypesByNumber.get(this.#header.readUInt32BE(0) >>> TYPE_SHIFT);
    const isZeroPadded = (this.#header.readUInt32BE(0) & PADDING) === 0;
    if (type !== undefined && isZeroPadded && this.#maxBytes[type] !== undefined) return type;
    throw new SessionError(
      "EXEC_BAD_REQUEST",
      `A frame must begin with a type that may be sent and three zero bytes; got ${this.#header.toString("hex")}.`,
    );
  }

  #assertLength(): void {
    const maxBytes = this.#maxBytes[this.#type] ?? 0;
    if (this.#missingBytes <= maxBytes) return;
    throw new SessionError(
      "EXEC_BAD_REQUEST",
      `A ${this.#type} frame must be no longer than ${maxBytes} bytes; got one of ${this.#missingBytes}.`,
    );
  }
}

const TYPE_SHIFT = 24;
const PADDING = 0xff_ff_ff;
const frameTypesByNumber = new Map<number, FrameType>(
  Object.entries(FRAME_TYPES).map(([name, number]) => [number, name as FrameType]),
);
