import { Command, CommanderError } from "commander";
import { packageVersion } from "../api/package-version.ts";
import { attachCommand } from "./commands/attach.ts";
import { eventsCommand } from "./commands/events.ts";
import { execCommand } from "./commands/exec.ts";
import { hostCommand } from "./commands/host.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { killCommand } from "./commands/kill.ts";
import { logsCommand } from "./commands/logs.ts";
import { lsCommand } from "./commands/ls.ts";
import { rmCommand } from "./commands/rm.ts";
import { stopCommand } from "./commands/stop.ts";
import { waitCommand } from "./commands/wait.ts";
import { reportFailure } from "./failure.ts";
import { FAILURE_EXIT_CODE } from "./failure-exit-code.ts";
import { isReaderGone } from "./write-output.ts";

/** Does what a command line says; resolves with its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  endWithReader();
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAILURE_EXIT_CODE;
    reportFailure(error, false);
  }
  return Number(process.exitCode ?? 0);
}

function createProgram(): Command {
  const program = new Command("exec-sessions")
    .description("Exec sessions in containers: the ones that Node-RED flows run, and your own.")
    .version(packageVersion())
    // So that options after a command's container belong to what runs in it.
    .enablePositionalOptions();
  const commands = [
    lsCommand(),
    inspectCommand(),
    logsCommand(),
    attachCommand(),
    execCommand(),
    waitCommand(),
    stopCommand(),
    killCommand(),
    rmCommand(),
    eventsCommand(),
    hostCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands]) useOwnWays(command);
  return program;
}

function useOwnWays(command: Command): void {
  const name = [...(command.parent === null ? [] : [command.parent.name()]), command.name()].join(" ");
  command
    // Errors and help are thrown, so that there is one place that ends the process.
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "exec-sessions: ")),
    })
    .showHelpAfterError(`Try "${name} --help".`);
}

/** As any program whose reader has gone: ended by SIGPIPE, which Node.js ignores. */
const BROKEN_PIPE_EXIT_CODE = 141;

function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      // Any other error is told to whoever wrote.
      if (isReaderGone(error)) process.exit(BROKEN_PIPE_EXIT_CODE);
    });
  }
}
