const SUFFIX = ".frames";
/** An offset in hexadecimal, so that names sort as offsets do. */
const DIGITS = 16;
const HEXADECIMAL = 16;
const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})\.frames$/;

const KIB = 1024;
/** A log is dropped in steps of this part of it. */
const SEGMENTS_PER_LOG = 8;
const MIN_SEGMENT_BYTES = 64 * KIB;
const MAX_SEGMENT_BYTES = 4 * KIB * KIB;

/** Where a segment begins: its name says so, so that no other file has to. */
export interface SegmentStart {
  /** The offset of its first byte. */
  readonly start: number;
  /** How much of the output before that was standard error. */
  readonly stderrBefore: number;
}

/** A run of output in a file of its own. */
export interface Segment extends SegmentStart {
  readonly name: string;
  /** The offset after its last byte. */
  readonly end: number;
  /** The size of its whole frames, headers included. */
  readonly fileBytes: number;
}

export function segmentName({ start, stderrBefore }: SegmentStart): string {
  return `${hexadecimal(start)}-${hexadecimal(stderrBefore)}${SUFFIX}`;
}

/** What a segment's name says; undefined for any other file. */
export function parseSegmentName(name: string): SegmentStart | undefined {
  const [, start, stderrBefore] = NAME.exec(name) ?? [];
  if (start === undefined || stderrBefore === undefined) return undefined;
  const parsed = {
    start: Number.parseInt(start, HEXADECIMAL),
    stderrBefore: Number.parseInt(stderrBefore, HEXADECIMAL),
  };
  return Number.isSafeInteger(parsed.start) && parsed.stderrBefore <= parsed.start ? parsed : undefined;
}

/** How large the files of a log that keeps `maxBytes` may become, headers included. */
export function segmentBytesFor(maxBytes: number): number {
  const share = Math.floor(maxBytes / SEGMENTS_PER_LOG);
  return Math.min(Math.max(share, MIN_SEGMENT_BYTES), MAX_SEGMENT_BYTES);
}

function hexadecimal(offset: number): string {
  return offset.toString(HEXADECIMAL).padStart(DIGITS, "0");
}
