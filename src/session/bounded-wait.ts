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

/** A promise whose wait the signal can end early; the signal's reason is then its error. */
export function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    // Also after an abort: a later rejection is then nobody's news.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
