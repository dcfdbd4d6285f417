import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_IDLE_SECONDS } from "../../api/host-options.ts";
import { runHost } from "../../host/run-host.ts";
import { stateDirOption } from "../session-command.ts";

interface HostCommandOptions {
  readonly stateDir: string;
  readonly idleExit: number | null;
  readonly onStop: string;
  readonly orphans: string;
}

/** For whoever wants the host under a service manager or in a container; otherwise clients start it. */
export function hostCommand(): Command {
  return new Command("host")
    .description("be the session host of a state directory, in the foreground")
    .addOption(stateDirOption())
    .option(
      "--idle-exit <seconds>",
      "leave after this time without running sessions and clients, or never",
      parseIdle,
      DEFAULT_IDLE_SECONDS,
    )
    .addOption(
      new Option("--on-stop <policy>", "what becomes of running sessions when the host is told to stop")
        .choices(POLICIES)
        .default("stop"),
    )
    .addOption(
      new Option("--orphans <policy>", "what becomes of commands whose host was killed")
        .choices(POLICIES)
        .default("keep"),
    )
    .action(({ stateDir, idleExit, onStop, orphans }: HostCommandOptions) =>
      runHost({ stateDir, idleSeconds: idleExit, onStop, orphans }),
    );
}

const POLICIES = ["stop", "keep"];
const NEVER = "never";

function parseIdle(text: string): number | null {
  if (text === NEVER) return null;
  const seconds = Number(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError(`It must be a number of seconds above 0, or ${NEVER}.`);
}
