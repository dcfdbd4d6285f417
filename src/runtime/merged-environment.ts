/** What a terminal program needs to know of its terminal where nobody says; also what Podman and Docker set. */
const TERMINAL_TYPE = "xterm";

export interface EnvironmentParts {
  /** The container's, as `NAME=value`; of equal names the last counts. */
  readonly base: readonly string[];
  /** The request's, by name; these win. */
  readonly added: Readonly<Record<string, string>>;
  readonly tty: boolean;
  /** Null: unknown, so whoever runs the command finds one. */
  readonly home: string | null;
}

/** The environment of a command: the container's, replaced by name with the request's; TERM and HOME only where neither has it. */
export function mergeEnvironment({ base, added, tty, home }: EnvironmentParts): ReadonlyMap<string, string> {
  const merged = new Map<string, string>();
  for (const entry of base) {
    const at = entry.indexOf("=");
    if (at > 0) merged.set(entry.slice(0, at), entry.slice(at + 1));
  }
  for (const [name, value] of Object.entries(added)) merged.set(name, value);
  if (tty && !merged.has("TERM")) merged.set("TERM", TERMINAL_TYPE);
  if (home !== null && !merged.has("HOME")) merged.set("HOME", home);
  return merged;
}
