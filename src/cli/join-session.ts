import { isSessionError } from "../session/session-error.ts";
import type { Attachment, AttachmentEnd, SessionService } from "../session/session-service.ts";
import { isAtTerminal, openRawTerminal } from "./raw-terminal.ts";
import { writeOutput } from "./write-output.ts";

export interface JoinOptions {
  readonly service: SessionService;
  readonly json: boolean;
  /** Whether the session has a terminal. */
  readonly tty: boolean;
  /** Whether standard input goes to the session. */
  readonly takesInput: boolean;
}

/** Puts this process's streams in the place of a session's until the attachment ends; resolves with how it did. */
export async function joinSession(attachment: Attachment, options: JoinOptions): Promise<AttachmentEnd> {
  const { service, tty, takesInput } = options;
  const terminal =
    tty && takesInput && isAtTerminal()
      ? openRawTerminal((size) => void service.resize(attachment.sessionId, size).catch(ignoreFailure))
      : undefined;
  try {
    const reading = readOutput(attachment, options);
    await (takesInput ? Promise.race([reading, sendInput(attachment, reading)]) : reading);
    return await attachment.ended;
  } finally {
    terminal?.close();
  }
}

async function readOutput(attachment: Attachment, { json }: JoinOptions): Promise<void> {
  for await (const chunk of attachment) {
    await writeOutput(chunk, json);
    attachment.advance(chunk.offset + (chunk.kind === "gap" ? chunk.bytes : chunk.data.length));
  }
}

/** Its own end is no end of the session: only its failure ends the wait for the output. */
async function sendInput(attachment: Attachment, reading: Promise<void>): Promise<void> {
  try {
    for await (const chunk of process.stdin) await attachment.write(chunk);
    await attachment.endInput();
  } catch (error) {
    ignoreEnded(error);
  }
  await reading;
}

/** That the command ended, or closed its input, before it had everything is its own affair. */
function ignoreEnded(error: unknown): void {
  if (!isSessionError(error) || !ENDED_CODES.has(error.code)) throw error;
}

/** A session that cannot be resized has ended, or cannot be reached, which reading its output tells. */
function ignoreFailure(): void {}

const ENDED_CODES: ReadonlySet<string> = new Set([
  "EXEC_STDIN_CLOSED",
  "EXEC_WRONG_STATE",
  "EXEC_SESSION_NOT_FOUND",
]);
