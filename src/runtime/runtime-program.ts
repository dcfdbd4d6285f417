import { constants, type Stats } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { RuntimeSpec } from "../session/exec-session.ts";
import { SessionError } from "../session/session-error.ts";

/** Where distributions keep programs for root; Debian has runc there, and a service's PATH often lacks them. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * The full path of a spec's runtime: its own, or if that is empty the first on the PATH or in a system folder. Throws
 * EXEC_RUNTIME_NOT_FOUND or EXEC_RUNTIME_NOT_EXECUTABLE.
 */
export async function findRuntimeProgram({ kind, path }: RuntimeSpec): Promise<string> {
  const name = path === "" ? kind : path;
  if (name.includes("/")) {
    await assertRuntimeProgram(kind, name);
    return name;
  }
  for (const folder of listFolders()) {
    const candidate = join(folder, name);
    if ((await faultOf(candidate)) === null) return candidate;
  }
  throw new SessionError(
    "EXEC_RUNTIME_NOT_FOUND",
    `The runtime ${name} is neither on the PATH nor in ${SYSTEM_FOLDERS.join(", ")}; install it, or give its full path.`,
    { details: { runtime: kind, path } },
  );
}

/** Throws EXEC_RUNTIME_NOT_FOUND or EXEC_RUNTIME_NOT_EXECUTABLE unless a path is that of a program. */
export async function assertRuntimeProgram(kind: string, path: string): Promise<void> {
  const fault = await faultOf(path);
  if (fault === null) return;
  throw new SessionError(
    fault === "missing" ? "EXEC_RUNTIME_NOT_FOUND" : "EXEC_RUNTIME_NOT_EXECUTABLE",
    fault === "missing"
      ? `The runtime's path ${path} does not exist; install ${kind} there, or correct the path.`
      : `The runtime's path ${path} is ${fault}; it must be a program that may be run.`,
    { details: { runtime: kind, path } },
  );
}

/** What keeps a path from being run. Null: nothing. */
async function faultOf(path: string): Promise<string | null> {
  const stats: Stats | undefined = await stat(path).catch(() => undefined);
  if (stats === undefined) return "missing";
  if (!stats.isFile()) return stats.isDirectory() ? "a directory" : "not a regular file";
  try {
    await access(path, constants.X_OK);
    return null;
  } catch {
    return "not executable";
  }
}

function listFolders(): readonly string[] {
  const onPath = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  return [...onPath, ...SYSTEM_FOLDERS];
}
