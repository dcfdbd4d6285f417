import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_IDLE_SECONDS } from "../../api/host-options.ts";
import { runHost } from "../../host/run-host.ts";
import { stateDirOption } from "../session-command.ts";
import { findUserId } from "../user-id.ts";

interface HostCommandOptions {
  readonly stateDir: string;
  readonly idleExit: number | typeof NEVER;
  readonly onStop: string;
  readonly orphans?: string;
  readonly socketUser?: number;
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
      new Option(
        "--orphans <policy>",
        "what becomes of commands whose host was killed (default: what that host was told, or keep)",
      ).choices(POLICIES),
    )
    .option(
      "--socket-user <user>",
      "a user, by name or number, who may use the socket and so this host's rights; needs root",
      parseUser,
    )
    .action(({ idleExit, ...options }: HostCommandOptions) =>
      runHost({ ...options, idleSeconds: idleExit === NEVER ? null : idleExit }, { isWatched: true }),
    );
}

const POLICIES = ["stop", "keep"];
const NEVER = "never";

/** commander makes an empty text of null, so null is made later. */
function parseIdle(text: string): number | typeof NEVER {
  if (text === NEVER) return NEVER;
  const seconds = Number(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError(`It must be a number of seconds above 0, or ${NEVER}.`);
}

function parseUser(text: string): number {
  const id = findUserId(text);
  if (id !== undefined) return id;
  throw new InvalidArgumentError("This machine has no such user.");
}
