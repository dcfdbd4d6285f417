import type { PipeSource } from "../process/pipe-source.ts";
import type { Program } from "../process/program.ts";
import { openPipes, type ProgramStreams, useTerminal } from "../process/program-streams.ts";
import { Terminal } from "../process/terminal.ts";
import type { TerminalLibrary } from "../process/terminal-library.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import { DEFAULT_TERMINAL_SIZE } from "./default-terminal-size.ts";
import type { ExecStreams } from "./host-exec-process.ts";

/** What standard streams are made of. */
export interface StreamSource {
  readonly pipes: PipeSource;
  /** Null: the session has no terminal. */
  readonly terminals: TerminalLibrary | null;
}

/** Opens the streams of a session's command: a terminal, or pipes for those that the session attaches. */
export async function openSessionStreams(
  { pipes, terminals }: StreamSource,
  config: ExecConfig,
  terminalOptions: { readonly raw: boolean; readonly owner?: { readonly uid: number; readonly gid: number } },
): Promise<ProgramStreams> {
  if (terminals !== null) {
    const size = config.consoleSize ?? DEFAULT_TERMINAL_SIZE;
    return useTerminal(new Terminal({ library: terminals, size, ...terminalOptions }));
  }
  const { attachStdin, attachStdout, attachStderr } = config;
  return openPipes(pipes, { stdin: attachStdin, stdout: attachStdout, stderr: attachStderr });
}

/**
 * A program's streams as far as the session asked for them; a terminal has them all the same. `onResize` is called once
 * the terminal has its new size.
 */
export function sessionStreams(
  program: Program,
  config: ExecConfig,
  onResize: () => void = () => {},
): ExecStreams {
  const { stdin, stdout, stderr } = program;
  // What nobody reads would fill the terminal and stop the command.
  if (!config.attachStdout) stdout?.resume();
  return {
    stdin: config.attachStdin ? stdin : null,
    stdout: config.attachStdout ? stdout : null,
    stderr,
    resize: (size) => {
      program.resize(size);
      onResize();
    },
    release: () => program.release(),
  };
}
