import type { Readable, Writable } from "node:stream";
import type { PipeSource } from "../process/pipe-source.ts";
import { openPipes, type ProgramStreams, type StreamOwner, useTerminal } from "../process/program-streams.ts";
import { Terminal } from "../process/terminal.ts";
import type { TerminalLibrary } from "../process/terminal-library.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { TerminalSize } from "../session/terminal-size.ts";
import { DEFAULT_TERMINAL_SIZE } from "./default-terminal-size.ts";
import type { ExecStreams } from "./host-exec-process.ts";

/** How a terminal is used; see {@link Terminal}. */
export interface TerminalUse {
  readonly raw: boolean;
  readonly owner?: StreamOwner;
}

/** What standard streams are made of. */
export interface StreamSource {
  readonly pipes: PipeSource;
  /** Null: the session has no terminal. */
  readonly terminals: TerminalLibrary | null;
}

/** Opens the streams of a session's command: a terminal, or pipes for those that the session attaches. */
export async function openSessionStreams(
  source: StreamSource,
  config: ExecConfig,
  options: TerminalUse,
): Promise<ProgramStreams> {
  const { pipes, terminals } = source;
  if (terminals !== null) return useTerminal(openTerminal(source, config, options));
  const { owner } = options;
  const { attachStdin, attachStdout, attachStderr } = config;
  return openPipes(pipes, {
    stdin: attachStdin,
    stdout: attachStdout,
    stderr: attachStderr,
    ...(owner && { owner }),
  });
}

/** Opens the terminal of a session that has one. */
export function openTerminal(
  { terminals }: StreamSource,
  config: ExecConfig,
  options: TerminalUse,
): Terminal {
  if (terminals === null) throw new Error("a session without a terminal opens none");
  return new Terminal({ library: terminals, size: config.consoleSize ?? DEFAULT_TERMINAL_SIZE, ...options });
}

/** A program's standard streams, and what can be done to them. */
export interface AllStreams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  resize(size: TerminalSize): void;
  release(): void;
}

/** The streams as far as the session asked for them; some runtimes need more. */
export function sessionStreams(all: AllStreams, config: ExecConfig): ExecStreams {
  // What nobody reads would fill up and stop the command.
  if (!config.attachStdout) all.stdout?.resume();
  if (!config.attachStderr) all.stderr?.resume();
  return {
    stdin: config.attachStdin ? all.stdin : null,
    stdout: config.attachStdout ? all.stdout : null,
    stderr: config.attachStderr ? all.stderr : null,
    resize: (size) => all.resize(size),
    release: () => all.release(),
  };
}
