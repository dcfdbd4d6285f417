import { SessionError, showValue } from "./session-error.ts";

/** A terminal's size in character cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The kernel keeps a terminal's size in 16 bits (struct winsize). */
export const MAX_TERMINAL_SIZE = 65535;

/** Takes `{columns, rows}`; throws EXEC_INVALID_SIZE unless both are whole numbers from 1 to 65535. */
export function parseTerminalSize(raw: unknown): TerminalSize {
  const { columns, rows } = (typeof raw === "object" && raw !== null ? raw : {}) as Record<string, unknown>;
  return { columns: parseCells("columns", columns), rows: parseCells("rows", rows) };
}

function parseCells(field: "columns" | "rows", value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_TERMINAL_SIZE)
    return value;
  throw new SessionError(
    "EXEC_INVALID_SIZE",
    `"${field}" must be a whole number from 1 to ${MAX_TERMINAL_SIZE}; got ${showValue(value)}.`,
    { details: { field } },
  );
}
