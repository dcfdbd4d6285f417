import { resizeTerminalOf } from "../process/controlling-terminal.ts";
import { errnoOf } from "../process/errno.ts";
import { findProcess, parseHostProcess } from "../process/host-process.ts";
import { NamelessFile } from "../process/nameless-file.ts";
import type { PipeSource } from "../process/pipe-source.ts";
import type { TerminalLibrary } from "../process/terminal-library.ts";
import { announceWindowChange } from "../process/window-change.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { ProcessIdentity, ResolvedProcess, RuntimeSpec, StartError } from "../session/exec-session.ts";
import {
  type Container,
  type ExecProcess,
  type Runtime,
  type RuntimeCapabilities,
  StartFailure,
  type StartRequest,
} from "../session/runtime.ts";
import { errorText, SessionError } from "../session/session-error.ts";
import { findByPidFile, pidFileIn } from "./bundle-pid-file.ts";
import { diagnoseCommand } from "./command-file.ts";
import { adoptProcess, HostExecProcess } from "./host-exec-process.ts";
import { OciContainers } from "./oci-containers.ts";
import { readOciExit } from "./oci-exit.ts";
import { readLastError } from "./oci-log.ts";
import { createOciProcess, defaultsOf, type OciProcess } from "./oci-process.ts";
import { type StartedCommand, startInContainer } from "./oci-start.ts";
import { type ProcessRequest, resolveRequest, toResolvedProcess } from "./process-request.ts";
import { requireTerminals } from "./require-terminals.ts";
import { assertRuntimeProgram } from "./runtime-program.ts";
import { type AllStreams, sessionStreams } from "./session-streams.ts";
import { isLateFailure, startErrorKind } from "./start-error-table.ts";

export interface OciRuntimeOptions {
  readonly spec: RuntimeSpec;
  /** The runtime's full path. */
  readonly program: string;
  readonly pipes: PipeSource;
  /** The error is why there are no terminals here. */
  readonly terminals: TerminalLibrary | Error;
}

/** Containers of crun, runc, or another program that takes their command line and keeps to the OCI runtime specification. */
export class OciRuntime implements Runtime {
  readonly spec: RuntimeSpec;
  readonly capabilities: RuntimeCapabilities;
  readonly #program: string;
  readonly #pipes: PipeSource;
  readonly #terminals: TerminalLibrary | Error;
  readonly #containers: OciContainers;

  constructor({ spec, program, pipes, terminals }: OciRuntimeOptions) {
    this.spec = spec;
    this.capabilities = { tty: !(terminals instanceof Error), preserveFds: true, recover: true };
    this.#program = program;
    this.#pipes = pipes;
    this.#terminals = terminals;
    this.#containers = new OciContainers(program, spec);
  }

  findContainer(id: string): Promise<Container> {
    return this.#containers.find(id);
  }

  async resolveProcess({ id }: Container, config: ExecConfig): Promise<ResolvedProcess> {
    return toResolvedProcess(await this.#resolve(id, await this.#containers.process(id), config));
  }

  async start({ container, config, bundle }: StartRequest): Promise<ExecProcess> {
    const terminals = config.tty ? requireTerminals(this.#terminals) : null;
    const base = await this.#containers.process(container.id);
    const request = await this.#resolve(container.id, base, config);
    const log = new NamelessFile(bundle);
    const started = await this.#explain(
      container.id,
      startInContainer({
        program: this.#program,
        spec: this.spec,
        containerId: container.id,
        config,
        process: createOciProcess(base, config, request),
        bundle,
        log,
        streams: { pipes: this.#pipes, terminals },
      }),
    ).catch((error: unknown) => {
      log.close();
      throw error;
    });
    return new HostExecProcess({
      identity: started.identity,
      streams: sessionStreams(allStreams(started, terminals, log), config),
      exited: (sentSignals) =>
        readOciExit({
          runtimeExited: started.runtime.program.exited,
          identity: started.identity,
          sentSignals,
          findLateFailure: () => this.#findLateFailure(container.id, config, request, log),
        }),
    });
  }

  async recover(request: {
    readonly identity: ProcessIdentity | null;
    readonly bundle: string;
  }): Promise<ExecProcess | null> {
    const identity =
      request.identity === null
        ? await findByPidFile(pidFileIn(request.bundle))
        : parseHostProcess(request.identity);
    return identity !== null && findProcess(identity) !== null ? adoptProcess(identity) : null;
  }

  #resolve(id: string, base: OciProcess, config: ExecConfig): Promise<ProcessRequest> {
    return resolveRequest({
      config,
      defaults: defaultsOf(base),
      container: id,
      openRoot: () => this.#containers.openRoot(id),
    });
  }

  /** Gives a failed start the reason that matters: a runtime that is gone, or a container that stopped or was paused meanwhile. */
  async #explain(id: string, starting: Promise<StartedCommand>): Promise<StartedCommand> {
    try {
      return await starting;
    } catch (error) {
      if (error instanceof SessionError) throw error;
      const { kind, text }: StartError =
        error instanceof StartFailure ? error.startError : { kind: "runtime", text: errorText(error) };
      if (kind !== "runtime") throw error;
      await assertRuntimeProgram(this.spec.kind, this.#program);
      throw (await this.#stateFailure(id, text)) ?? new StartFailure({ kind, text }, { cause: error });
    }
  }

  async #stateFailure(id: string, text: string): Promise<StartFailure | null> {
    const state = await this.#containers.find(id).then(
      (container) => container.state,
      (error: unknown) => (errnoOf(error) === "EXEC_CONTAINER_NOT_FOUND" ? "stopped" : "running"),
    );
    if (state === "running") return null;
    const kind = state === "paused" ? "containerPaused" : "containerNotRunning";
    return new StartFailure({ kind, text: `${text} (container ${id} is ${state})` });
  }

  /** crun logs an execution that failed; runc only prints it where the command would print, so the command's file has to tell. */
  async #findLateFailure(
    id: string,
    config: ExecConfig,
    { env, workDir }: ProcessRequest,
    log: NamelessFile,
  ): Promise<StartError | null> {
    try {
      const text = readLastError(log);
      if (text !== null && isLateFailure(text)) return { kind: startErrorKind(text), text };
      if (text !== null || this.spec.kind !== "runc") return null;
      const root = await this.#containers.openRoot(id);
      try {
        const [name = ""] = config.command;
        const failure = await diagnoseCommand({ root, name, env, workDir, runsPlainText: false });
        return failure?.kind === "notFound" ? null : failure;
      } finally {
        await root.close();
      }
    } catch {
      // The container is gone by now, or not ours to look into: then the exit code is all there is.
      return null;
    }
  }
}

/**
 * The command's terminal is another one than that of its runtime. Where it cannot be reached, the runtime is told to take
 * the new size over, which runc does, and crun not in all versions.
 */
function allStreams(
  { runtime, identity }: StartedCommand,
  terminals: TerminalLibrary | null,
  log: NamelessFile,
): AllStreams {
  const { program, stdin, stdout, stderr } = runtime;
  return {
    ...{ stdin, stdout, stderr },
    resize: (size) => {
      program.resize(size);
      if (terminals === null || findProcess(identity) === null) return;
      if (!resizeTerminalOf(identity.pid, terminals, size)) void announceWindowChange(program);
    },
    release: () => {
      runtime.release();
      log.close();
    },
  };
}
