import type { StartErrorKind } from "../session/exec-session.ts";

/**
 * What crun (from 1.8) and runc (from 1.1) say when a command does not start, and what that means. The first match
 * counts. Every text is tied to its beginning, because its rest quotes names that the user chose.
 */
const table: readonly (readonly [text: RegExp, kind: StartErrorKind])[] = [
  [/^chdir(?: to)? `/, "badWorkDir"],
  [/^(?:chdir to cwd|mkdir cwd|stat cwd) /, "badWorkDir"],
  [/^the (?:current )?working directory is not /, "badWorkDir"],
  [/^(?:current working directory is not absolute|Cwd must be)/, "badWorkDir"],
  [/^the container `[^`]*` is paused/, "containerPaused"],
  [/^cannot exec in a paused container/, "containerPaused"],
  [/^(?:the )?container (?:`[^`]*` is )?not running/, "containerNotRunning"],
  [/^cannot exec in a stopped container/, "containerNotRunning"],
  [/^container process not found/, "containerNotRunning"],
  [/^container (?:`[^`]*` )?does not exist/, "containerNotRunning"],
  [/^error opening file `[^`]*\/status`: No such file or directory/, "containerNotRunning"],
  [/^executable file `[\s\S]*` not found/, "notFound"],
  [/^cannot find `[\s\S]*` in \$PATH/, "notFound"],
  [/^(?:open|stat) executable: (?:No such file or directory|Not a directory)/, "notFound"],
  [/^open executable: /, "notExecutable"],
  [/^the path `[\s\S]*` is not (?:a regular file|executable)/, "notExecutable"],
  [/^exec: "[\s\S]*": executable file not found in \$PATH$/, "notFound"],
  [
    /^exec: "[\s\S]*": (?:(?:stat|lstat) [\s\S]*: )?(?:no such file or directory|not a directory)$/,
    "notFound",
  ],
  [/^exec: "[\s\S]*": (?:permission denied|is a directory|exec format error)$/, "notExecutable"],
  [/^exec(?: [\s\S]*)?: [Nn]o such file or directory$/, "badInterpreter"],
  [/^exec(?: [\s\S]*)?: (?:[Pp]ermission denied|[Ee]xec format error|[Ii]s a directory)$/, "notExecutable"],
  [/^(?:setres[ug]id|set[ug]id|setgroups|unable to setup user|cannot set[ug]id)\b/, "badUser"],
];

/** What runc puts before the text itself, in any number. */
const PREFIX = /^(?:exec failed: |unable to start container process: |OCI runtime exec failed: )+/;

/** The kind of a runtime's error text. */
export function startErrorKind(text: string): StartErrorKind {
  const core = text.trim().replace(PREFIX, "");
  return table.find(([pattern]) => pattern.test(core))?.[1] ?? "runtime";
}

/** Whether a text is about the execution itself, the one step that both runtimes take after they have written the pid file. */
export function isLateFailure(text: string): boolean {
  return /^exec(?:: | `| \/)/.test(text.trim().replace(PREFIX, ""));
}
