import type { Command } from "commander";
import { forEachSession } from "../failure.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { writeJsonLine, writeLine } from "../write-output.ts";

export function waitCommand(): Command {
  return sessionCommand("wait")
    .description("wait until sessions have ended; write their exit codes, a line each")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .action((ids: readonly string[], options: SessionCommandOptions) =>
      runWithHost(options, ({ service, json }) =>
        forEachSession(
          ids,
          json,
          async (id) => ({ id, exitCode: (await service.wait(id)).exitCode }),
          ({ id, exitCode }) =>
            json ? writeJsonLine({ id, exitCode }) : writeLine(String(exitCode ?? "unknown")),
        ),
      ),
    );
}
