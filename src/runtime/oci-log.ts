import type { NamelessFile } from "../process/nameless-file.ts";

/** More than any error is long, and little enough to read at once; the error is at the end. */
const MAX_LOG_BYTES = 64 * 1024;

/** The last error in a runtime's JSON log. Null: none. */
export function readLastError(log: NamelessFile): string | null {
  return lastError(log.readEnd(MAX_LOG_BYTES).toString("utf8"));
}

/** The last error among a runtime's JSON lines; lines that are no JSON, such as crun's copy of a message, do not count. */
export function lastError(lines: string): string | null {
  const messages = lines.split("\n").flatMap(parseError);
  return messages.at(-1) ?? null;
}

function parseError(line: string): string[] {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("msg" in entry) || !("level" in entry)) return [];
    return ERROR_LEVELS.has(entry.level) ? [String(entry.msg)] : [];
  } catch {
    return [];
  }
}

const ERROR_LEVELS = new Set<unknown>(["error", "fatal", "panic"]);
