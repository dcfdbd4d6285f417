import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { ExecExit, ExecProcess, SignalResult } from "../../src/session/runtime.ts";
import { SIGNAL_EXIT_BASE, type SignalName, signalNumber } from "../../src/session/signals.ts";

/** A real command on this machine as a runtime gives it: the leader of its own process group, on pipes. */
export class ChildExecProcess implements ExecProcess {
  readonly pid: number;
  readonly identity: { readonly pid: number };
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExecExit>;
  /** What `kill` was asked to send, in order. */
  readonly signals: SignalName[] = [];
  #hasExited = false;

  constructor(command: readonly string[]) {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { detached: true });
    if (child.pid === undefined) throw new Error(`${file} cannot be run here`);
    this.pid = child.pid;
    this.identity = { pid: child.pid };
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#hasExited = true;
        const exitCode = signal === null ? code : SIGNAL_EXIT_BASE + signalNumber(signal);
        resolve({ exitCode, signal, startError: null });
      });
    });
  }

  async isAlive(): Promise<boolean> {
    return !this.#hasExited;
  }

  resize(): void {
    throw new Error("a command on pipes has no size");
  }

  async kill(signal: SignalName): Promise<SignalResult> {
    this.signals.push(signal);
    return this.#hasExited ? "gone" : this.#send(this.pid, signal);
  }

  async killAll(): Promise<void> {
    this.#send(-this.pid, "SIGKILL");
  }

  release(): void {
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy();
  }

  #send(target: number, signal: SignalName): SignalResult {
    try {
      process.kill(target, signal);
      return "delivered";
    } catch (error) {
      if (Object(error).code === "ESRCH") return "gone";
      throw error;
    }
  }
}
