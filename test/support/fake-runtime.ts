import { PassThrough } from "node:stream";
import type { ExecConfig } from "../../src/session/exec-config.ts";
import type {
  ProcessIdentity,
  ResolvedProcess,
  RuntimeSpec,
  StartError,
} from "../../src/session/exec-session.ts";
import type {
  Container,
  ContainerState,
  ExecExit,
  ExecProcess,
  Runtime,
  SignalResult,
  StartRequest,
} from "../../src/session/runtime.ts";
import { StartFailure } from "../../src/session/runtime.ts";
import { SessionError } from "../../src/session/session-error.ts";
import { SIGNAL_EXIT_BASE, type SignalName, signalNumber } from "../../src/session/signals.ts";
import type { TerminalSize } from "../../src/session/terminal-size.ts";

export const FAKE_SPEC: RuntimeSpec = { kind: "local", path: "/fake", root: "" };

/** Commands that the fake understands; any other runs until the test ends it. */
export const IGNORES_TERM = "ignores-term";
export const CANNOT_START = "cannot-start";

/** What outlives a manager: containers and the processes in them. */
export class FakeMachine {
  readonly containers = new Map<string, ContainerState>();
  readonly processes: FakeProcess[] = [];
  /** What a session's folder says of its process. */
  readonly pidFiles = new Map<string, FakeProcess>();
  /** Holds back every start until it is resolved. */
  startGate: Promise<void> | undefined;

  /** Ends the container and, as a kernel does, all processes in it. */
  stopContainer(id: string): void {
    this.containers.set(id, "stopped");
    for (const process of this.processes) {
      if (process.containerId === id) process.die("SIGKILL");
    }
  }

  process(index = -1): FakeProcess {
    const process = this.processes.at(index);
    if (process === undefined) throw new Error("the fake machine runs no such process");
    return process;
  }

  /** The manager's end of every process is gone, as after kill -9 of the manager. */
  crashManager(): void {
    for (const process of this.processes) process.orphan();
  }
}

/** A runtime without containers: each process is an object that the test ends. */
export class FakeRuntime implements Runtime {
  readonly spec = FAKE_SPEC;
  readonly capabilities = { tty: true, preserveFds: true, recover: true };
  readonly #machine: FakeMachine;

  constructor(machine: FakeMachine) {
    this.#machine = machine;
  }

  async findContainer(id: string): Promise<Container> {
    const state = this.#machine.containers.get(id);
    if (state === undefined)
      throw new SessionError("EXEC_CONTAINER_NOT_FOUND", `There is no container ${id}.`);
    return { id, name: id, state, stopTimeout: null };
  }

  async resolveProcess(_container: Container, config: ExecConfig): Promise<ResolvedProcess> {
    return {
      user: { uid: 0, gid: 0, additionalGids: [] },
      workDir: config.workDir || "/",
      environmentNames: Object.keys(config.env),
    };
  }

  async start({ container, config, bundle }: StartRequest): Promise<ExecProcess> {
    await this.#machine.startGate;
    if (config.command[0] === CANNOT_START) {
      throw new StartFailure({ kind: "notFound", text: `${CANNOT_START}: not found` });
    }
    const process = new FakeProcess(container.id, config);
    this.#machine.processes.push(process);
    this.#machine.pidFiles.set(bundle, process);
    return process;
  }

  async recover({
    identity,
    bundle,
  }: {
    readonly identity: ProcessIdentity | null;
    readonly bundle: string;
  }): Promise<ExecProcess | null> {
    const { processes, pidFiles } = this.#machine;
    const found =
      identity === null
        ? pidFiles.get(bundle)
        : processes.find((process) => process.identity.pid === identity.pid);
    return found?.hasEnded === false ? found.adopted() : null;
  }
}

let nextPid = 1000;

/** A process that does nothing but what the test says. */
export class FakeProcess implements ExecProcess {
  readonly pid: number;
  readonly identity: { readonly pid: number };
  readonly containerId: string;
  readonly config: ExecConfig;
  readonly sizes: TerminalSize[] = [];
  stdin: PassThrough | null;
  stdout: PassThrough | null;
  stderr: PassThrough | null;
  hasEnded = false;
  #exit = Promise.withResolvers<ExecExit>();

  constructor(containerId: string, config: ExecConfig, pid = nextPid++) {
    this.containerId = containerId;
    this.config = config;
    this.pid = pid;
    this.identity = { pid };
    this.stdin = config.attachStdin ? new PassThrough() : null;
    this.stdout = config.attachStdout ? new PassThrough() : null;
    this.stderr = config.attachStderr ? new PassThrough() : null;
  }

  get exited(): Promise<ExecExit> {
    return this.#exit.promise;
  }

  /** Ends the command by itself. */
  exit(exitCode: number, options: { readonly startError?: StartError } = {}): void {
    this.#end({ exitCode, signal: null, startError: options.startError ?? null });
  }

  die(signal: SignalName): void {
    this.#end({ exitCode: SIGNAL_EXIT_BASE + signalNumber(signal), signal, startError: null });
  }

  async isAlive(): Promise<boolean> {
    return !this.hasEnded;
  }

  resize(size: TerminalSize): void {
    this.sizes.push(size);
  }

  async kill(signal: SignalName): Promise<SignalResult> {
    if (this.hasEnded) return "gone";
    const isIgnored = signal === "SIGTERM" && this.config.command[0] === IGNORES_TERM;
    if (!isIgnored) this.die(signal);
    return "delivered";
  }

  async killAll(): Promise<void> {
    if (!this.hasEnded) this.die("SIGKILL");
  }

  release(): void {
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  /** Nobody reads the streams any more. */
  orphan(): void {
    this.release();
    this.#exit = Promise.withResolvers<ExecExit>();
  }

  /** The same process as another manager sees it: no streams, and no exit code when it ends. */
  adopted(): this {
    this.stdin = null;
    this.stdout = null;
    this.stderr = null;
    this.#isAdopted = true;
    return this;
  }

  #isAdopted = false;

  #end(exit: ExecExit): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.stdout?.end();
    this.stderr?.end();
    this.#exit.resolve(this.#isAdopted ? { exitCode: null, signal: null, startError: null } : exit);
  }
}
