import { readdirSync } from "node:fs";
import { posix } from "node:path";
import type { StartError } from "../session/exec-session.ts";
import type { ContainerRoot } from "./container-root.ts";
import { findInterpreter } from "./program-format.ts";

export interface CommandPlace {
  readonly root: ContainerRoot;
  /** The command's first word. */
  readonly name: string;
  readonly env: ReadonlyMap<string, string>;
  readonly workDir: string;
  /** Whether a text without a first line for the kernel is run by a shell, as execvp(3) does. */
  readonly runsPlainText: boolean;
}

/** What the C library searches without a PATH. */
const DEFAULT_PATH = "/bin:/usr/bin";
/** Enough for the headers of any program and the first line of any script. */
const HEADER_BYTES = 64 * 1024;
/** As many scripts as the kernel goes through until it meets a program. */
const MAX_SCRIPTS = 5;

/** What must keep the kernel from executing a command, in its own words. Null: nothing that can be seen in the command's file. */
export async function diagnoseCommand(place: CommandPlace): Promise<StartError | null> {
  const { root, name } = place;
  let unusable: string | undefined;
  for (const path of listCandidates(place)) {
    const stats = await root.stat(path);
    if (stats?.isFile() && (stats.mode & ANY_EXECUTE) !== 0) return diagnoseFile(place, path);
    if (stats !== null) unusable ??= path;
  }
  if (unusable !== undefined) return { kind: "notExecutable", text: `${unusable}: permission denied` };
  return { kind: "notFound", text: `${name}: ${name.includes("/") ? MISSING_FILE : "not found in $PATH"}` };
}

const ANY_EXECUTE = 0o111;
const MISSING_FILE = "no such file or directory";

function listCandidates({ name, env, workDir }: CommandPlace): readonly string[] {
  if (name.includes("/")) return [posix.resolve(workDir, name)];
  const folders = (env.get("PATH") ?? DEFAULT_PATH).split(":");
  return folders.map((folder) => posix.resolve(workDir, folder, name));
}

/** Follows a script to its interpreter, and that to its own, as the kernel does. */
async function diagnoseFile({ root, runsPlainText }: CommandPlace, path: string): Promise<StartError | null> {
  let file = path;
  for (let scripts = 0; scripts < MAX_SCRIPTS; scripts++) {
    const header = await root.readFile(file, HEADER_BYTES);
    if (header === null) {
      const text = `${path}: its interpreter ${file} cannot be executed: ${MISSING_FILE}`;
      return { kind: "badInterpreter", text };
    }
    const { format, interpreter } = findInterpreter(header);
    if (format === "unknown" && !runsPlainText && !hasOtherFormats()) {
      return { kind: "notExecutable", text: `${path}: exec format error` };
    }
    if (interpreter === null) return null;
    file = interpreter;
  }
  return { kind: "badInterpreter", text: `${path}: too many levels of interpreters` };
}

/** Whether the kernel has been told of more kinds of programs than it knows by itself. */
function hasOtherFormats(): boolean {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status");
  } catch {
    return false;
  }
}
