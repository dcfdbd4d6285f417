import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

export interface ScopeOptions {
  /** Absent: the one on the PATH. */
  readonly systemdRun?: string;
  /** There while systemd is the machine's init: sd_booted(3). */
  readonly bootedMark?: string;
}

/**
 * What stands before a command that is to run in a systemd scope of its own; it becomes that command and keeps its pid. A
 * service's stop kills all processes of the service's control group, detached ones too, and so no host in a scope. Empty
 * where there is no systemd, or this user gets no scope from it: the command then runs without.
 */
export async function createScopePrefix(options: ScopeOptions = {}): Promise<readonly string[]> {
  const { systemdRun = "systemd-run", bootedMark = BOOTED_MARK } = options;
  if (!existsSync(bootedMark)) return [];
  try {
    await promisify(execFile)(systemdRun, [...scopeArguments(), "true"], TRIAL);
    return [systemdRun, ...scopeArguments()];
  } catch {
    // Best effort: whether the host ends with a service is told by where it runs, not by what was tried.
    return [];
  }
}

const BOOTED_MARK = "/run/systemd/system";
/** A call over the bus takes some 20 ms; where nobody answers, the host must not wait for it. */
const TRIAL = { timeout: 5_000, killSignal: "SIGKILL" } as const;
/** So many that no two scopes have one name. */
const UNIT_ID_BYTES = 6;

function scopeArguments(): string[] {
  const manager = process.getuid?.() === 0 ? [] : ["--user"];
  const unit = `exec-sessions-host-${randomBytes(UNIT_ID_BYTES).toString("hex")}`;
  return ["--scope", "--quiet", "--collect", "--no-ask-password", ...manager, `--unit=${unit}`, "--"];
}
