/** npm ends at SIGTERM and leaves what it started running; this is how soon that is noticed. */
const ORPHAN_POLL_MS = 500;

/**
 * Ends a child when this process is asked to end, or has lost its parent. Ctrl-C reaches the child by itself; then this
 * process stays until the child has cleaned up.
 */
export function passSignalsOn(child) {
  const end = () => child.kill("SIGTERM");
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, end);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, ORPHAN_POLL_MS).unref();
}
