import { setTimeout } from "node:timers/promises";

/** Whether a promise settles within a time; its value is left to others. */
export async function waitAtMost(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const tooLate = setTimeout(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([settled, tooLate]);
  } finally {
    timer.abort();
  }
}
