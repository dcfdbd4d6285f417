import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { SignalName } from "../session/signals.ts";
import type { TerminalSize } from "../session/terminal-size.ts";
import type { ProgramStreams } from "./program-streams.ts";
import { listInheritableFds } from "./terminal.ts";

export interface ProgramRequest {
  readonly file: string;
  readonly args: readonly string[];
  /** Absent: this process's own, as it was when the first such program was started. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: this process's own. */
  readonly cwd?: string;
  /** Whom to run as, without supplementary groups. Absent: as this process. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Begins a session of its own, so that a ctrl-c in the terminal of this process does not reach it. */
  readonly ownSession: boolean;
  /** File descriptors of this process; the program gets them as 3, 4, ... in this order. */
  readonly extraFds: readonly number[];
}

/** Exactly one of the two is null. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: SignalName | null;
}

/** Starts a program; rejects with the system's error if that fails. Takes over the streams in either case. */
export async function startProgram(request: ProgramRequest, streams: ProgramStreams): Promise<Program> {
  const nullFd = openSync("/dev/null", "r");
  try {
    const child = spawn(request.file, request.args, {
      stdio: listStdio(streams, request.extraFds, nullFd),
      detached: request.ownSession,
      env: request.env ?? ownEnvironment(),
      ...(request.cwd !== undefined && { cwd: request.cwd }),
      ...(request.user && { uid: request.user.uid, gid: request.user.gid }),
    });
    if (child.pid === undefined) {
      const [error] = await once(child, "error");
      throw error;
    }
    if (streams.closeTheirsWhen === "started") streams.closeTheirs();
    else child.once("exit", () => streams.closeTheirs());
    return new Program(child, child.pid, streams);
  } catch (error) {
    streams.closeTheirs();
    streams.release();
    throw error;
  } finally {
    closeSync(nullFd);
  }
}

/** As it was when it was first needed: to read it anew takes Node.js 0.06 ms. */
function ownEnvironment(): Readonly<NodeJS.ProcessEnv> {
  environment ??= { ...process.env };
  return environment;
}

let environment: Readonly<NodeJS.ProcessEnv> | undefined;

/** A started program. */
export class Program {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Settles when the program itself has ended. Never rejects. */
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #streams: ProgramStreams;

  constructor(child: ChildProcess, pid: number, streams: ProgramStreams) {
    this.#child = child;
    this.#streams = streams;
    this.pid = pid;
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    // After a successful start only a signal that cannot be sent is an error event, and none is sent this way.
    child.on("error", () => {});
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Signals the program itself; does nothing once it has ended. */
  signal(name: SignalName): void {
    this.#child.kill(name);
  }

  /** What the kernel calls the pipes that it was given, which its children have, too. */
  get pipeNames(): readonly string[] {
    return this.#streams.pipeNames;
  }

  resize(size: TerminalSize): void {
    this.#streams.resize(size);
  }

  /** Gives up the streams; this process need not stay for the program's sake any more. */
  release(): void {
    this.#streams.release();
    this.#child.unref();
  }
}

/** Puts /dev/null over what the program would inherit by accident. */
function listStdio(
  { theirs }: ProgramStreams,
  extraFds: readonly number[],
  nullFd: number,
): (number | "ignore")[] {
  const stdio = [...theirs, ...extraFds];
  for (const fd of listInheritableFds()) {
    if (fd < theirs.length + extraFds.length) continue;
    while (stdio.length <= fd) stdio.push("ignore");
    stdio[fd] = nullFd;
  }
  return stdio;
}
