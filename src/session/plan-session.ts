import { assertContainerRuns } from "./container-check.ts";
import { parseContainerId } from "./container-id.ts";
import { type ExecConfig, type ExecConfigInput, parseExecConfig } from "./exec-config.ts";
import { type ContainerRef, type ExecSession, NO_OUTPUT } from "./exec-session.ts";
import type { Runtime, RuntimeProvider } from "./runtime.ts";
import { SessionError } from "./session-error.ts";
import { createSessionId } from "./session-id.ts";

/** Checks everything that can be checked before a start, and gives the session's first record. Writes nothing. */
export async function planSession(
  runtimes: RuntimeProvider,
  target: ContainerRef,
  rawConfig: ExecConfigInput,
): Promise<ExecSession> {
  const config = parseExecConfig(rawConfig);
  const name = parseContainerId(target.container);
  const runtime = await runtimes(target.runtime);
  assertCapable(runtime, config);
  const container = await runtime.findContainer(name);
  assertContainerRuns(container);
  return {
    id: createSessionId(),
    revision: 1,
    state: "created",
    runtime: runtime.spec,
    container: { id: container.id, name: container.name, stopTimeout: container.stopTimeout },
    config,
    resolved: await runtime.resolveProcess(container, config),
    createdAt: new Date().toISOString(),
    startedAt: null,
    pid: null,
    identity: null,
    output: NO_OUTPUT,
    end: null,
  };
}

function assertCapable(runtime: Runtime, config: ExecConfig): void {
  if (config.tty && !runtime.capabilities.tty) {
    throw new SessionError(
      "EXEC_TTY_UNAVAILABLE",
      "A session with tty needs the optional package node-pty, which cannot be loaded here.",
    );
  }
  if (config.preserveFds.length > 0 && !runtime.capabilities.preserveFds) {
    throw new SessionError(
      "EXEC_RUNTIME_UNSUPPORTED",
      `The runtime ${runtime.spec.kind} cannot pass file descriptors (preserveFds).`,
    );
  }
}
