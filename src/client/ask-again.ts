import { setTimeout as wait } from "node:timers/promises";
import { isErrno } from "../process/errno.ts";

/**
 * A host that was killed takes connections for some milliseconds more, while the kernel ends its threads, and never answers
 * on them. All pauses together are much longer than that.
 */
const MAX_TIMES = 6;
const PAUSE_MS = 20;

/** Asks a question that changes nothing, and asks again if its connection was taken and then broken off without an answer. */
export async function askAgainIfBroken<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let times = 1; ; times++) {
    try {
      return await ask();
    } catch (error) {
      if (times === MAX_TIMES || !isBroken(error)) throw error;
      await wait(PAUSE_MS);
    }
  }
}

function isBroken(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return isErrno(cause, "ECONNRESET") || isErrno(cause, "EPIPE");
}
