import type { EndRecord } from "../session/exec-session.ts";
import type { SessionSummary } from "../session/session-service.ts";
import { printable } from "./printable.ts";

/** As many digits of an id as Docker and Podman show. */
const SHORT_ID_LENGTH = 12;

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_LENGTH);
}

/** A container as lists show it: an id of hexadecimal digits is cut as Docker and Podman do, a name is not. */
export function showContainer(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? shortId(id) : id;
}

/** A session's state in a word, and how it ended: `running`, `exited (3)`, `stopped (143 SIGTERM)`, `lost`. */
export function showStatus({ state, end, legacy }: Pick<SessionSummary, "state" | "end" | "legacy">): string {
  if (legacy) return `${state} (old form)`;
  if (end === null) return state;
  const code = [end.exitCode, end.signal].filter((fact) => fact !== null).join(" ");
  return code === "" ? end.reason : `${end.reason} (${code})`;
}

/** How a session ended, for sentences: `exit code 3`, `exit code 137, SIGKILL, stopped`, `exit code unknown, lost`. */
export function showEnd({ exitCode, signal, reason }: EndRecord): string {
  const code = exitCode === null ? "exit code unknown" : `exit code ${exitCode}`;
  return [code, ...(signal === null ? [] : [signal]), ...(reason === "exited" ? [] : [reason])].join(", ");
}

/** A command as a shell would take it; what could do harm in a terminal is escaped. */
export function showCommand(command: readonly string[]): string {
  return command.map(showWord).join(" ");
}

function showWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${printable(word).replaceAll("'", "'\\''")}'`;
}

/** How long ago, in its largest unit. */
export function showAge(time: string | null, nowMs: number): string {
  if (time === null) return "";
  let amount = Math.max((nowMs - Date.parse(time)) / MS_PER_SECOND, 0);
  for (const [unit, next] of UNITS) {
    if (amount < next) return `${Math.floor(amount)} ${unit} ago`;
    amount /= next;
  }
  return time;
}

const MS_PER_SECOND = 1000;
const UNITS = [
  ["s", 60],
  ["min", 60],
  ["h", 24],
  ["d", Number.POSITIVE_INFINITY],
] as const;
