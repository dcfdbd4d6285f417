import type { Command } from "commander";
import { forEachSession } from "../failure.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { writeJsonLine } from "../write-output.ts";

interface KillOptions extends SessionCommandOptions {
  readonly signal: string;
}

export function killCommand(): Command {
  return sessionCommand("kill")
    .description("send a signal to the commands of sessions")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .option("-s, --signal <signal>", "by name or number", "SIGKILL")
    .action((ids: readonly string[], options: KillOptions) =>
      runWithHost(options, ({ service, json }) =>
        forEachSession(ids, json, async (id) => {
          await service.kill(id, options.signal);
          if (json) await writeJsonLine({ id, signal: options.signal });
          else process.stdout.write(`${id}\n`);
        }),
      ),
    );
}
