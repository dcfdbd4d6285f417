import { isSessionError, SessionError, showValue } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";

/** A pipe's usual size: a command that reads slowly holds back no more than this. */
const PIECE_BYTES = 64 * 1024;

/** What a command is to read, and whether that is all. */
export interface InputBytes {
  readonly bytes: Uint8Array;
  readonly end: boolean;
}

/** The bytes for a command's standard input. Undefined and null are none. Throws EXEC_INVALID_ARGUMENT unless it is text or bytes. */
export function parseInput(raw: unknown): Uint8Array {
  if (raw === undefined || raw === null) return new Uint8Array();
  if (raw instanceof Uint8Array) return raw;
  if (typeof raw === "string" || typeof raw === "number" || typeof raw === "boolean")
    return Buffer.from(String(raw));
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `"input" must be a text, a number or a Buffer; got ${showValue(raw)}.`,
    { details: { field: "input" } },
  );
}

/** Writes all bytes to a running session, as fast as the command takes them, and then ends its input if told to. */
export async function feedInput(
  service: SessionService,
  sessionId: string,
  input: InputBytes,
): Promise<void> {
  try {
    for (let from = 0; from < input.bytes.length; from += PIECE_BYTES) {
      await service.write(sessionId, input.bytes.subarray(from, from + PIECE_BYTES));
    }
    if (input.end) await service.endInput(sessionId);
  } catch (error) {
    // A command may end, or close its input, before it has read all; that is its own affair.
    if (!isSessionError(error) || !ENDS_OF_INPUT.has(error.code)) throw error;
  }
}

const ENDS_OF_INPUT: ReadonlySet<string> = new Set([
  "EXEC_STDIN_CLOSED",
  "EXEC_WRONG_STATE",
  "EXEC_SESSION_NOT_FOUND",
]);
