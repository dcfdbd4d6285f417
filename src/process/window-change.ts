import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout } from "node:timers/promises";
import type { Program } from "./program.ts";

/** An OCI runtime listens a few milliseconds after it has written the pid file; one that never does is not waited for. */
const LISTEN_WAIT_MS = 2000;
const POLL_MS = 5;

/**
 * Tells a program that its terminal has another size. The kernel does that only for a program's controlling terminal; and
 * a signal that comes before the program listens is lost, so this waits until it does. Never rejects.
 */
export async function announceWindowChange(program: Program): Promise<void> {
  const deadline = performance.now() + LISTEN_WAIT_MS;
  while (!program.hasExited && !isListening(program.pid) && performance.now() < deadline) {
    await setTimeout(POLL_MS, undefined, { ref: false });
  }
  program.signal("SIGWINCH");
}

/** Whether the program has a handler, or blocks the signal in order to read it from a descriptor. */
function isListening(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return [/^SigBlk:\s*([0-9a-f]+)$/m, /^SigCgt:\s*([0-9a-f]+)$/m].some((field) => {
      const [, mask = "0"] = field.exec(status) ?? [];
      return ((BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGWINCH - 1)) & 1n) === 1n;
    });
  } catch {
    // It is just ending.
    return false;
  }
}
