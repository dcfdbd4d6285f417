import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ExecProcess } from "../../src/session/runtime.ts";

/** The pid on this machine of a process that a command knows by the pid in its container. */
export function hostPid({ identity }: ExecProcess, pid: number): number {
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      const isOfContainer =
        readText(name, (path) => readlinkSync(`${path}/ns/pid`)) === identity.pidNamespace;
      return isOfContainer && pidInNamespace(name) === String(pid);
    });
  if (found === undefined) throw new Error(`no process is ${pid} in ${identity.pidNamespace}`);
  return Number(found);
}

/** Whether a process runs; a zombie does not. */
export function isThere(pid: number): boolean {
  const stat = readText(String(pid), (path) => readFileSync(`${path}/stat`, "utf8"));
  return stat !== "" && !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

/** The last of NSpid's numbers is the pid in the innermost namespace. */
function pidInNamespace(name: string): string | undefined {
  const status = readText(name, (path) => readFileSync(`${path}/status`, "utf8"));
  return /^NSpid:.*\s(\d+)$/m.exec(status)?.[1];
}

/** Empty: the process has ended meanwhile. */
function readText(name: string, read: (path: string) => string): string {
  try {
    return read(`/proc/${name}`);
  } catch {
    return "";
  }
}

/** The processes that run exactly this command. */
export function pidsRunning(command: readonly string[]): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (name) =>
        readText(name, (path) => readFileSync(`${path}/cmdline`, "utf8")) === `${command.join("\0")}\0`,
    )
    .map(Number)
    .filter(isThere);
}
