import type { Command } from "commander";
import { forEachSession } from "../failure.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { writeJsonLine, writeLine } from "../write-output.ts";

interface RmOptions extends SessionCommandOptions {
  readonly force?: boolean;
}

export function rmCommand(): Command {
  return sessionCommand("rm")
    .description("delete sessions, their output with them")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .option("-f, --force", "stop those that run")
    .action((ids: readonly string[], options: RmOptions) =>
      runWithHost(options, ({ service, json }) =>
        forEachSession(
          ids,
          json,
          async (id) => {
            await service.remove(id, { force: options.force ?? false });
            return id;
          },
          (id) => (json ? writeJsonLine({ id }) : writeLine(id)),
        ),
      ),
    );
}
