import { setTimeout } from "node:timers/promises";
import type { ExecSession } from "./exec-session.ts";
import type { Container, ExecExit, Runtime } from "./runtime.ts";
import { isSessionError, SessionError } from "./session-error.ts";
import { SIGNAL_EXIT_BASE, signalNumber } from "./signals.ts";

/** Throws EXEC_CONTAINER_PAUSED or EXEC_CONTAINER_NOT_RUNNING unless commands can be run in the container now. */
export function assertContainerRuns(container: Container): void {
  if (container.state === "running") return;
  const details = { container: container.id, state: container.state };
  if (container.state === "paused") {
    throw new SessionError(
      "EXEC_CONTAINER_PAUSED",
      `Container ${container.name} is paused; unpause it before running commands in it.`,
      { details },
    );
  }
  throw new SessionError(
    "EXEC_CONTAINER_NOT_RUNNING",
    `Container ${container.name} is ${container.state}; start it before running commands in it.`,
    { details },
  );
}

const SIGKILL_EXIT = SIGNAL_EXIT_BASE + signalNumber("SIGKILL");
/** The kernel kills a container's processes before the container itself counts as stopped; it is asked again for so long. */
const CONTAINER_STOP_WAIT_MS = 1000;
const CONTAINER_POLL_MS = 20;

/**
 * Whether a command that ended on a signal, unasked, ended because its container did. A container whose state cannot be
 * told counts as running: the exit code is true in any case.
 */
export async function hasContainerStopped(
  runtime: Runtime,
  session: ExecSession,
  exit: ExecExit,
): Promise<boolean> {
  const isSuspicious = exit.exitCode === null || exit.exitCode > SIGNAL_EXIT_BASE;
  if (!isSuspicious) return false;
  const deadline = performance.now() + (exit.exitCode === SIGKILL_EXIT ? CONTAINER_STOP_WAIT_MS : 0);
  for (;;) {
    if (!(await isContainerUp(runtime, session.container.id))) return true;
    if (performance.now() >= deadline) return false;
    await setTimeout(CONTAINER_POLL_MS);
  }
}

async function isContainerUp(runtime: Runtime, id: string): Promise<boolean> {
  try {
    return (await runtime.findContainer(id)).state !== "stopped";
  } catch (error) {
    return !(isSessionError(error) && error.code === "EXEC_CONTAINER_NOT_FOUND");
  }
}
