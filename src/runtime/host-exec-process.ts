import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { findProcess, type HostProcess, signalProcess } from "../process/host-process.ts";
import { killTree } from "../process/process-tree.ts";
import type { ExecExit, ExecProcess, SignalResult } from "../session/runtime.ts";
import type { SignalName } from "../session/signals.ts";
import type { TerminalSize } from "../session/terminal-size.ts";

/** A process that nothing waits for is looked at so often. */
const POLL_MS = 50;
const UNKNOWN_EXIT: ExecExit = { exitCode: null, signal: null, startError: null };

/** The session's side of a process: its streams, and what the runtime knows beyond the process itself. */
export interface ExecStreams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  resize(size: TerminalSize): void;
  release(): void;
}

export interface HostExecProcessOptions {
  readonly identity: HostProcess;
  readonly streams: ExecStreams;
  /** Must not reject. Gets the signals that have been sent so far, by reference. */
  readonly exited: (sentSignals: ReadonlySet<SignalName>) => Promise<ExecExit>;
}

/** A command that is a process of this machine, in a container or not. */
export class HostExecProcess implements ExecProcess {
  readonly identity: HostProcess;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<ExecExit>;
  readonly #streams: ExecStreams;
  readonly #sentSignals = new Set<SignalName>();

  constructor({ identity, streams, exited }: HostExecProcessOptions) {
    this.identity = identity;
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    this.#streams = streams;
    this.exited = exited(this.#sentSignals);
  }

  get pid(): number {
    return this.identity.pid;
  }

  async isAlive(): Promise<boolean> {
    return findProcess(this.identity) !== null;
  }

  resize(size: TerminalSize): void {
    this.#streams.resize(size);
  }

  async kill(signal: SignalName): Promise<SignalResult> {
    const result = signalProcess(this.identity, signal);
    if (result === "delivered") this.#sentSignals.add(signal);
    return result;
  }

  async killAll(): Promise<void> {
    if (findProcess(this.identity) !== null) this.#sentSignals.add("SIGKILL");
    await killTree(this.identity);
  }

  release(): void {
    this.#streams.release();
  }
}

/** A process of an earlier manager: without streams, and with an exit code that nobody will learn. */
export function adoptProcess(identity: HostProcess): ExecProcess {
  const streams = { stdin: null, stdout: null, stderr: null, resize: () => {}, release: () => {} };
  return new HostExecProcess({ identity, streams, exited: () => waitForEnd(identity) });
}

/** Resolves once a process is gone that nobody here is the parent of. Does not keep this process going by itself. */
export async function waitForEnd(identity: HostProcess, pollMs = POLL_MS): Promise<ExecExit> {
  while (findProcess(identity) !== null) await setTimeout(pollMs, undefined, { ref: false });
  return UNKNOWN_EXIT;
}
