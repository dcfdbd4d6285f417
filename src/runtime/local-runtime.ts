import { findProcess, parseHostProcess } from "../process/host-process.ts";
import type { PipeSource } from "../process/pipe-source.ts";
import type { ProgramExit } from "../process/program.ts";
import type { TerminalLibrary } from "../process/terminal-library.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { ProcessIdentity, ResolvedProcess, RuntimeSpec } from "../session/exec-session.ts";
import type {
  Container,
  ExecExit,
  ExecProcess,
  Runtime,
  RuntimeCapabilities,
  StartRequest,
} from "../session/runtime.ts";
import { SessionError, showValue } from "../session/session-error.ts";
import { SIGNAL_EXIT_BASE, signalNumber } from "../session/signals.ts";
import { findByPidFile, pidFileIn } from "./bundle-pid-file.ts";
import { adoptProcess, HostExecProcess } from "./host-exec-process.ts";
import { LOCAL_CONTAINER_ID, resolveOnMachine } from "./local-request.ts";
import { startOnMachine } from "./local-start.ts";
import { toResolvedProcess } from "./process-request.ts";
import { requireTerminals } from "./require-terminals.ts";
import { sessionStreams } from "./session-streams.ts";

const LOCAL: Container = {
  id: LOCAL_CONTAINER_ID,
  name: LOCAL_CONTAINER_ID,
  state: "running",
  stopTimeout: null,
};

export interface LocalRuntimeOptions {
  readonly spec: RuntimeSpec;
  readonly pipes: PipeSource;
  /** The error is why there are no terminals here. */
  readonly terminals: TerminalLibrary | Error;
}

/**
 * Commands on this machine, without any container: for machines that have none, and to try things out. A command runs as
 * this process's user unless another is asked for; that one gets its own group but no supplementary groups, which
 * Node.js cannot set for a child. `privileged` has nothing to widen here.
 */
export class LocalRuntime implements Runtime {
  readonly spec: RuntimeSpec;
  readonly capabilities: RuntimeCapabilities;
  readonly #pipes: PipeSource;
  readonly #terminals: TerminalLibrary | Error;

  constructor({ spec, pipes, terminals }: LocalRuntimeOptions) {
    this.spec = spec;
    this.capabilities = { tty: !(terminals instanceof Error), preserveFds: true, recover: true };
    this.#pipes = pipes;
    this.#terminals = terminals;
  }

  async findContainer(idOrName: string): Promise<Container> {
    if (idOrName === LOCAL_CONTAINER_ID) return LOCAL;
    throw new SessionError(
      "EXEC_CONTAINER_NOT_FOUND",
      `The local runtime has only the container "${LOCAL_CONTAINER_ID}", which is this machine; got ${showValue(idOrName)}.`,
      { details: { container: idOrName, runtime: this.spec.kind } },
    );
  }

  async resolveProcess(_container: Container, config: ExecConfig): Promise<ResolvedProcess> {
    return toResolvedProcess(await resolveOnMachine(config));
  }

  async start({ config, bundle }: StartRequest): Promise<ExecProcess> {
    const terminals = config.tty ? requireTerminals(this.#terminals) : null;
    const request = await resolveOnMachine(config);
    const { identity, program } = await startOnMachine({
      config,
      request,
      pidFile: pidFileIn(bundle),
      streams: { pipes: this.#pipes, terminals },
    });
    return new HostExecProcess({
      identity,
      // The command has the terminal itself, so the kernel tells it of a new size.
      streams: sessionStreams(program, config),
      exited: () => program.exited.then(toExecExit),
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
}

function toExecExit({ code, signal }: ProgramExit): ExecExit {
  const exitCode = signal === null ? code : SIGNAL_EXIT_BASE + signalNumber(signal);
  return { exitCode, signal, startError: null };
}
