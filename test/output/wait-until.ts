import { setTimeout } from "node:timers/promises";

const POLL_MS = 5;
/** Far longer than anything waited for takes; a test that reaches it fails. */
const MAX_WAIT_MS = 15_000;

/** Waits for a fact that nothing announces; throws, naming it, if it does not come true. */
export async function waitUntil(fact: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + MAX_WAIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`it never came true that ${fact}`);
    await setTimeout(POLL_MS);
  }
}
