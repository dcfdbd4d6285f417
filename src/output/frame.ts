import type { OutputStream } from "../session/output-log.ts";

/** Docker's multiplexed-stream header: the stream, three zero bytes, the length (big-endian). */
export const FRAME_HEADER_BYTES = 8;
/** The most that a frame written here holds: what one read of a pipe gives. */
export const MAX_FRAME_BYTES = 64 * 1024;

const STREAM_NUMBERS: Readonly<Record<OutputStream, number>> = { stdout: 1, stderr: 2 };
const LENGTH_AT = 4;

export interface FrameHeader {
  readonly stream: OutputStream;
  /** How many bytes of output follow the header; never 0. */
  readonly length: number;
}

/** Writes a frame's header at a place in a buffer. */
export function writeFrameHeader(into: Buffer, at: number, { stream, length }: FrameHeader): void {
  into.writeUInt32BE(STREAM_NUMBERS[stream] * 0x1_00_00_00, at);
  into.writeUInt32BE(length, at + LENGTH_AT);
}

/** The header at a place in a buffer that holds all of it; undefined if what is there is none. */
export function parseFrameHeader(from: Buffer, at: number): FrameHeader | undefined {
  const stream = streamOf(from.readUInt32BE(at));
  const length = from.readUInt32BE(at + LENGTH_AT);
  return stream === undefined || length === 0 ? undefined : { stream, length };
}

function streamOf(firstHalf: number): OutputStream | undefined {
  if (firstHalf === 0x1_00_00_00) return "stdout";
  return firstHalf === 0x2_00_00_00 ? "stderr" : undefined;
}
