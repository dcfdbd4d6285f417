import { setTimeout } from "node:timers/promises";

/** Below Mocha's own limit, so that a wait in vain says what it waited for. */
const LIMIT_MS = 15_000;
const POLL_MS = 5;

/** Waits for a fact. Fails, naming it, if it does not come true. */
export async function waitUntil(
  fact: string,
  isTrue: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${fact}`);
    await setTimeout(POLL_MS);
  }
}
