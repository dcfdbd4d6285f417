import type { StopCause } from "./end-record.ts";
import type { OutputLog } from "./output-log.ts";
import { OutputPump } from "./output-pump.ts";
import type { ExecExit, ExecProcess } from "./runtime.ts";
import { SessionError } from "./session-error.ts";
import type { SignalName } from "./signals.ts";
import { StopEscalation, type StopRequest } from "./stop-escalation.ts";
import type { TerminalSize } from "./terminal-size.ts";

/** How a command ended, once its last byte of output is in the log. */
export interface CommandEnd {
  readonly exit: ExecExit;
  readonly heldOpen: boolean;
  readonly stopCause: StopCause | null;
  readonly killedWith: ReadonlySet<SignalName>;
}

/** What a terminal's line discipline takes as the end of input (VEOF, ctrl-d). */
const END_OF_TRANSMISSION = Buffer.from([4]);

/** One started command: its process, its output on the way to the log, and its stop. */
export class RunningCommand {
  /** Settles after the last byte of output. Never rejects. */
  readonly ended: Promise<CommandEnd>;
  readonly #process: ExecProcess;
  readonly #tty: boolean;
  readonly #killedWith = new Set<SignalName>();
  #stopCause: StopCause | null = null;
  #escalation: StopEscalation | undefined;
  #stopping: Promise<void> | undefined;
  /** Refuses the writes that standard input has not taken yet: when it is closed, some streams forget the one under way. */
  readonly #unwritten = new Set<() => void>();

  constructor(process: ExecProcess, log: OutputLog, tty: boolean) {
    this.#process = process;
    this.#tty = tty;
    this.ended = this.#end(new OutputPump(process, log));
    process.stdin?.once("close", () => {
      for (const refuse of this.#unwritten) refuse();
    });
  }

  get pid(): number | null {
    return this.#process.pid;
  }

  isAlive(): Promise<boolean> {
    return this.#process.isAlive();
  }

  /** Resolves when SIGKILL has been sent to whatever is left. Concurrent stops are one; the shortest time-out counts. */
  stop(request: StopRequest, cause: StopCause): Promise<void> {
    this.#escalation?.hasten(request.timeoutMs);
    this.#stopping ??= this.#stop(request, cause).finally(() => {
      this.#stopping = undefined;
      this.#escalation = undefined;
    });
    return this.#stopping;
  }

  async kill(signal: SignalName): Promise<void> {
    this.#killedWith.add(signal);
    await this.#process.kill(signal);
  }

  resize(size: TerminalSize): void {
    this.#process.resize(size);
  }

  /** Resolves when the bytes are on their way. Throws EXEC_STDIN_NOT_ATTACHED or EXEC_STDIN_CLOSED. */
  write(data: Uint8Array): Promise<void> {
    const { stdin } = this.#process;
    if (stdin === null) {
      throw new SessionError(
        "EXEC_STDIN_NOT_ATTACHED",
        "The session was created without attachStdin, so nothing can be written to it.",
      );
    }
    if (!stdin.writable) throw stdinClosed();
    return new Promise((resolve, reject) => {
      const refuse = () => reject(stdinClosed());
      this.#unwritten.add(refuse);
      stdin.write(data, (error) => {
        this.#unwritten.delete(refuse);
        if (error) reject(stdinClosed(error));
        else resolve();
      });
    });
  }

  /** Ends standard input; a terminal gets its end-of-input key instead, since it has no end. */
  async endInput(): Promise<void> {
    const { stdin } = this.#process;
    if (stdin === null) return;
    if (this.#tty) return this.write(END_OF_TRANSMISSION);
    stdin.end();
  }

  /** Lets go of a command that goes on running. */
  release(): void {
    this.#process.release();
  }

  async #end(pump: OutputPump): Promise<CommandEnd> {
    const exit = await this.#process.exited;
    const heldOpen = await pump.drain();
    this.#process.release();
    return { exit, heldOpen, stopCause: this.#stopCause, killedWith: this.#killedWith };
  }

  async #stop(request: StopRequest, cause: StopCause): Promise<void> {
    this.#escalation = new StopEscalation(this.#process);
    // A command that had ended by itself was not stopped.
    if (await this.#process.isAlive()) this.#stopCause ??= cause;
    await this.#escalation.run(request);
  }
}

function stdinClosed(cause?: unknown): SessionError {
  return new SessionError(
    "EXEC_STDIN_CLOSED",
    "The session's standard input is closed, so nothing more can be written to it.",
    { cause },
  );
}
