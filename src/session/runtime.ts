import type { Readable, Writable } from "node:stream";
import type { ExecConfig } from "./exec-config.ts";
import type { ProcessIdentity, ResolvedProcess, RuntimeSpec, StartError } from "./exec-session.ts";
import type { SignalName } from "./signals.ts";
import type { TerminalSize } from "./terminal-size.ts";

export type ContainerState = "created" | "running" | "paused" | "stopped";

/** A container as its runtime describes it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly state: ContainerState;
  /** Seconds between the stop signal and SIGKILL. Null: the container has no say. */
  readonly stopTimeout: number | null;
}

/** What a runtime can do, said before anyone asks for it. */
export interface RuntimeCapabilities {
  readonly tty: boolean;
  readonly preserveFds: boolean;
  /** A process can be found again by another manager. */
  readonly recover: boolean;
}

export interface StartRequest {
  readonly container: Container;
  readonly config: ExecConfig;
  /** A folder of the session's own for the runtime's files; it exists. */
  readonly bundle: string;
}

/** A command that could not be started. Not a SessionError: the session records it as its end. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
  readonly startError: StartError;

  constructor(startError: StartError, options?: ErrorOptions) {
    super(startError.text, options);
    this.startError = startError;
  }
}

/** How a process ended, as far as its runtime can tell. */
export interface ExecExit {
  /** 128+n after signal n. Null: unknown. */
  readonly exitCode: number | null;
  /** Null: none, or unknown. */
  readonly signal: SignalName | null;
  /** Set when the command turned out never to have run, for example because its interpreter is missing. */
  readonly startError: StartError | null;
}

/** A process that has ended counts as ended also while nobody has reaped it. */
export type SignalResult = "delivered" | "gone";

/** A started command. */
export interface ExecProcess {
  readonly pid: number | null;
  readonly identity: ProcessIdentity;
  /** Null: the session has no standard input. With a TTY, ending it ends nothing: write the terminal's EOF key. */
  readonly stdin: Writable | null;
  /** With a TTY, all output. Null: not attached, or recovered without its streams. */
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Settles when the command itself has ended, whatever its descendants do. Never rejects. */
  readonly exited: Promise<ExecExit>;
  /** Whether the command still runs, asked now. */
  isAlive(): Promise<boolean>;
  resize(size: TerminalSize): void;
  /** Signals the command alone. */
  kill(signal: SignalName): Promise<SignalResult>;
  /** SIGKILL to all that is left of the command: itself and its descendants. */
  killAll(): Promise<void>;
  /** Gives up the streams; what a descendant writes later goes nowhere. */
  release(): void;
}

/**
 * A way into containers. `src/session` never assumes that the process is on this machine: identity, signals and
 * recovery are the runtime's own answers.
 */
export interface Runtime {
  readonly spec: RuntimeSpec;
  readonly capabilities: RuntimeCapabilities;
  /** Throws EXEC_CONTAINER_NOT_FOUND, or EXEC_RUNTIME_* if the runtime itself is at fault. */
  findContainer(idOrName: string): Promise<Container>;
  /** Checks user, group and working directory against the container; throws EXEC_USER_NOT_FOUND and its kin. */
  resolveProcess(container: Container, config: ExecConfig): Promise<ResolvedProcess>;
  /** Resolves once the command runs; throws StartFailure if it does not come to that. */
  start(request: StartRequest): Promise<ExecProcess>;
  /**
   * The process of an earlier manager if it still runs, without its streams; null if it is gone. `identity` is null if the
   * manager died while starting it: then what the bundle holds has to tell. Deletes what an interrupted start left behind.
   */
  recover(request: {
    readonly identity: ProcessIdentity | null;
    readonly bundle: string;
  }): Promise<ExecProcess | null>;
}

/** Gives the runtime for a spec; the same one for equal specs. Throws EXEC_RUNTIME_* if there is none. */
export type RuntimeProvider = (spec: RuntimeSpec) => Promise<Runtime>;
