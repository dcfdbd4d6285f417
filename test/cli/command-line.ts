import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type IPty, spawn as spawnPty } from "node-pty";
import { waitUntil } from "../support/wait-until.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** `exec-sessions` with arguments, as words of a command. */
export function commandLine(args: readonly string[]): readonly string[] {
  return [process.execPath, MAIN, ...args];
}

/** How a command line has ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `exec-sessions` to its end. */
export async function runCommand(args: readonly string[], input?: string | Buffer): Promise<CommandResult> {
  return new RunningCommandLine(args, input).result;
}

/** `exec-sessions` while it runs. */
export class RunningCommandLine {
  readonly child: ChildProcess;
  readonly result: Promise<CommandResult>;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];

  constructor(args: readonly string[], input?: string | Buffer) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: "pipe" });
    this.child.stdout?.on("data", (chunk: Buffer) => this.#stdout.push(chunk));
    this.child.stderr?.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
    // It may have ended before it took everything.
    this.child.stdin?.on("error", () => {});
    if (input !== undefined) this.child.stdin?.end(input);
    this.result = once(this.child, "close").then(([code]) => ({
      code,
      stdout: this.stdout,
      stderr: Buffer.concat(this.#stderr).toString(),
    }));
  }

  get output(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stdout(): string {
    return this.output.toString();
  }

  /** Waits until it has said this. */
  async says(text: string): Promise<void> {
    await waitUntil(`it says ${JSON.stringify(text)}`, () => this.stdout.includes(text));
  }
}

/** `exec-sessions` in a terminal. */
export class TerminalCommandLine {
  readonly pty: IPty;
  readonly ended: Promise<number>;
  #screen = "";

  /** Without a program of its own, it is `exec-sessions`. */
  constructor(args: readonly string[], size = { cols: 80, rows: 24 }, program?: string) {
    const [file, ...rest] = program === undefined ? commandLine(args) : [program, ...args];
    this.pty = spawnPty(file ?? "", rest, { ...size, name: "xterm" });
    this.pty.onData((data) => {
      this.#screen += data;
    });
    this.ended = new Promise((resolve) => this.pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  /** All that it has shown so far. */
  get screen(): string {
    return this.#screen;
  }

  type(keys: string): void {
    this.pty.write(keys);
  }

  async shows(text: string | RegExp): Promise<void> {
    await waitUntil(`the terminal shows ${text}; it shows ${JSON.stringify(this.#screen.slice(-500))}`, () =>
      typeof text === "string" ? this.#screen.includes(text) : text.test(this.#screen),
    );
  }
}
