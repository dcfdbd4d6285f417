import type { EndRecord } from "../session/exec-session.ts";
import type { SessionSummary } from "../session/session-service.ts";

/** As many digits of an id as Docker and Podman show. */
const SHORT_ID_LENGTH = 12;

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_LENGTH);
}

/** A session's state in a word or two. */
export function showState({ state, end, legacy }: Pick<SessionSummary, "state" | "end" | "legacy">): string {
  if (legacy) return `${state} (old form)`;
  return end === null ? state : `${state} (${showEnd(end)})`;
}

/** How a session ended: `3`, `137 SIGKILL stopped`, `unknown, lost`. */
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
  const text = JSON.stringify(word).slice(1, -1).replaceAll('\\"', '"');
  return `'${text.replaceAll("'", "'\\''")}'`;
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
