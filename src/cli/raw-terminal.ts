import { spawnSync } from "node:child_process";
import type { TerminalSize } from "../session/terminal-size.ts";

/** The user's terminal as a window onto a session's: every key goes through, and its size is told. */
export interface RawTerminal {
  /** Gives the terminal back as it was. */
  close(): void;
}

/** Whether there is a terminal at both ends of this process. */
export function isAtTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** The size of the user's terminal. Undefined: there is none, or it does not know its size. */
export function terminalSize(): TerminalSize | undefined {
  const { columns, rows } = process.stdout;
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

/** How wide the user's terminal is. Undefined: output goes to no terminal, or it does not know its size. */
export function terminalColumns(): number | undefined {
  return process.stdout.columns || undefined;
}

/** Begins to pass keys through and to tell the size whenever it changes. */
export function openRawTerminal(onSize: (size: TerminalSize) => void): RawTerminal {
  const tellSize = () => {
    const size = terminalSize();
    if (size !== undefined) onSize(size);
  };
  process.stdin.setRawMode(true);
  leaveOutputAlone();
  process.stdout.on("resize", tellSize);
  return {
    close: () => {
      process.stdout.off("resize", tellSize);
      process.stdin.setRawMode(false);
    },
  };
}

/**
 * Node.js's raw mode still turns a line feed into a carriage return and a line feed, which the session's own terminal has
 * done where it is wanted; full-screen programs move the cursor down with a bare one. The end of raw mode undoes this, too.
 */
function leaveOutputAlone(): void {
  // Without the program, or where it fails, only such a program's picture suffers.
  spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
}
