import type { Command } from "commander";
import { parseSignal } from "../../session/signals.ts";
import { forEachSession } from "../failure.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { writeJsonLine, writeLine } from "../write-output.ts";

interface KillOptions extends SessionCommandOptions {
  readonly signal: string;
}

export function killCommand(): Command {
  return sessionCommand("kill")
    .description("send a signal to the commands of sessions")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .option("-s, --signal <signal>", "by name or number", "SIGKILL")
    .action((ids: readonly string[], options: KillOptions) =>
      runWithHost(options, ({ service, json }) => {
        const signal = parseSignal(options.signal);
        return forEachSession(
          ids,
          json,
          async (id) => {
            await service.kill(id, signal);
            return { id, signal };
          },
          (sent) => (json ? writeJsonLine(sent) : writeLine(sent.id)),
        );
      }),
    );
}
