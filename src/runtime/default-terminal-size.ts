import type { TerminalSize } from "../session/terminal-size.ts";

/** What Podman and Docker give a terminal where nobody says. */
export const DEFAULT_TERMINAL_SIZE: TerminalSize = { columns: 80, rows: 24 };
