import type { TerminalLibrary } from "../process/terminal-library.ts";
import { SessionError } from "../session/session-error.ts";

/** Gives the library, or throws EXEC_TTY_UNAVAILABLE with the reason why it could not be loaded. */
export function requireTerminals(terminals: TerminalLibrary | Error): TerminalLibrary {
  if (!(terminals instanceof Error)) return terminals;
  throw new SessionError(
    "EXEC_TTY_UNAVAILABLE",
    `A session with tty needs the optional package node-pty, which cannot be loaded here: ${terminals.message}`,
    { cause: terminals },
  );
}
