/** Podman's and Docker's default. */
export const DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

/** What detach keys may be given as, for error sentences. */
export const DETACH_KEYS_RULE =
  "empty, or printable ASCII characters and ctrl- with a letter or one of @ [ \\ ] ^ _, separated by commas";

/** The bytes of a detach sequence; an empty one never matches. Undefined if the text is not a sequence. */
export function parseDetachKeys(keys: string): Buffer | undefined {
  if (keys === "") return Buffer.alloc(0);
  const bytes: number[] = [];
  for (const key of keys.split(",")) {
    const byte = keyByte(key);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}

/** What of a chunk may go on to the command, and whether the user has asked to detach. */
export interface FilteredInput {
  readonly forward: Buffer;
  readonly detached: boolean;
}

/**
 * Finds the detach sequence in typed input, inside one chunk and across chunks (Podman's finds it only when every key
 * comes alone in a read). Bytes are withheld only while they are a beginning of the sequence; what follows it is dropped.
 */
export class DetachKeyFilter {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  push(chunk: Buffer): FilteredInput {
    if (this.#keys.length === 0) return { forward: chunk, detached: false };
    const input = Buffer.concat([this.#keys.subarray(0, this.#matched), chunk]);
    const at = input.indexOf(this.#keys);
    if (at !== -1) {
      this.#matched = 0;
      return { forward: input.subarray(0, at), detached: true };
    }
    this.#matched = longestOverlap(input, this.#keys);
    return { forward: input.subarray(0, input.length - this.#matched), detached: false };
  }

  /** The withheld bytes, once no more input comes. */
  flush(): Buffer {
    const rest = this.#keys.subarray(0, this.#matched);
    this.#matched = 0;
    return rest;
  }
}

/** The length of the longest proper beginning of `keys` that `input` ends with. */
function longestOverlap(input: Buffer, keys: Buffer): number {
  for (let length = Math.min(input.length, keys.length - 1); length > 0; length--) {
    if (input.subarray(input.length - length).equals(keys.subarray(0, length))) return length;
  }
  return 0;
}

/** One key: a single ASCII character, or `ctrl-` and a letter or one of @ [ \ ] ^ _. */
function keyByte(key: string): number | undefined {
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)?.[1];
  return control === undefined ? undefined : control.toUpperCase().charCodeAt(0) - CONTROL_OFFSET;
}

/** A control character is its letter's code less 64. */
const CONTROL_OFFSET = 64;
