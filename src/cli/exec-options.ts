import { type Command, Option } from "commander";
import { runtimeKindSchema } from "../api/session-schemas.ts";
import type { ExecConfigInput } from "../session/exec-config.ts";
import type { RuntimeSpec } from "../session/exec-session.ts";
import { CONSUMER_LABEL } from "./consumer-label.ts";
import { collectPair, collectVariable, parseSeconds } from "./parse-option.ts";
import { terminalSize } from "./raw-terminal.ts";
import type { SessionCommandOptions } from "./session-command.ts";

/** What the command line says about a new session. */
export interface ExecOptions extends SessionCommandOptions {
  readonly detach?: boolean;
  readonly detachKeys?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly interactive?: boolean;
  readonly label?: Readonly<Record<string, string>>;
  readonly privileged?: boolean;
  readonly runtime?: RuntimeSpec["kind"];
  readonly runtimePath: string;
  readonly runtimeRoot: string;
  readonly timeout?: number;
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
}

/** Adds the options of a new session to a command; those that Podman and Docker have, too, have their names. */
export function addExecOptions(command: Command): Command {
  return command
    .option("-d, --detach", "leave it running; write the session's id")
    .option(
      "--detach-keys <keys>",
      "keys that leave a terminal session with standard input running (default: ctrl-p,ctrl-q)",
    )
    .option(
      "-e, --env <name=value>",
      "add a variable; with a name only, this process's own; may be given again",
      collectVariable,
    )
    .option("-i, --interactive", "send standard input")
    .option("--label <name=value>", "give the session a label; may be given again", collectPair)
    .option("--privileged", "give the command all capabilities")
    .addOption(
      new Option("--runtime <kind>", "the container's runtime (default: the one that has it)").choices(
        runtimeKindSchema.options,
      ),
    )
    .option("--runtime-path <path>", "the runtime's program", "")
    .option("--runtime-root <folder>", "the runtime's --root", "")
    .option("--timeout <seconds>", "stop it when it runs longer", parseSeconds)
    .option("-t, --tty", "give the command a terminal")
    .option("-u, --user <user>", "name or uid, and maybe :group or :gid")
    .option("-w, --workdir <folder>", "where the command begins");
}

/** The consumer that an attached session's output is kept for. */
export const CONSUMER = "exec-sessions";
/**
 * As with a pipe, the command waits for whoever reads: nothing may be dropped on the way. Not with a terminal, since that
 * may be left to itself.
 */
const LIKE_A_PIPE = { policy: "block" } as const;

/** The configuration of a session that runs a command with these options. */
export function toExecConfig(command: readonly string[], options: ExecOptions): ExecConfigInput {
  const {
    tty = false,
    interactive = false,
    detach = false,
    privileged = false,
    env = {},
    label = {},
  } = options;
  const size = terminalSize();
  return {
    command: [...command],
    tty,
    attachStdin: interactive,
    privileged,
    env,
    labels: detach ? label : { ...label, [CONSUMER_LABEL]: CONSUMER },
    ...(detach || tty ? {} : { output: LIKE_A_PIPE }),
    ...(tty && size !== undefined ? { consoleSize: size } : {}),
    ...(options.detachKeys === undefined ? {} : { detachKeys: options.detachKeys }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.workdir === undefined ? {} : { workDir: options.workdir }),
  };
}
