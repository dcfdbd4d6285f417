/**
 * How many of the bytes can be decoded now. The rest, three bytes at the most, is the beginning of a character that the
 * next bytes may complete; bytes that are no UTF-8 count as decodable, since nothing completes them.
 */
export function decodableLength(bytes: Uint8Array): number {
  const earliest = Math.max(0, bytes.length - MAX_UNFINISHED_BYTES);
  for (let at = bytes.length - 1; at >= earliest; at--) {
    const byte = bytes[at] ?? 0;
    if (isContinuation(byte)) continue;
    return isUnfinished(bytes.subarray(at)) ? at : bytes.length;
  }
  return bytes.length;
}

/** The longest character has four bytes. */
const MAX_UNFINISHED_BYTES = 3;

/** Whether a lead byte and the continuation bytes behind it begin a character and do not finish it. */
function isUnfinished(sequence: Uint8Array): boolean {
  const [lead = 0, second] = sequence;
  const length = characterLength(lead);
  if (sequence.length >= length) return false;
  return second === undefined || isSecondByteOf(lead, second);
}

/** 1 also for bytes that begin no character. */
function characterLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

/** RFC 3629 narrows the second byte after four of the lead bytes: no overlong forms, no surrogates, nothing past U+10FFFF. */
function isSecondByteOf(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second <= 0x8f;
  return true;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
