import type { Command } from "commander";
import type { StopOptions } from "../../session/session-service.ts";
import { forEachSession } from "../failure.ts";
import { parseSeconds } from "../parse-option.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { showEnd } from "../show-session.ts";
import { writeJsonLine, writeLine } from "../write-output.ts";

interface StopCommandOptions extends SessionCommandOptions {
  readonly time?: number;
  readonly signal?: string;
}

export function stopCommand(): Command {
  return sessionCommand("stop")
    .description("stop sessions: a signal, some time, then SIGKILL to all that is left")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .option(
      "-t, --time <seconds>",
      "before SIGKILL; 0 sends it at once (default: the session's own)",
      parseSeconds,
    )
    .option("-s, --signal <signal>", "what to send first (default: the session's own)")
    .action((ids: readonly string[], options: StopCommandOptions) =>
      runWithHost(options, ({ service, json }) =>
        forEachSession(
          ids,
          json,
          async (id) => ({ id, end: await service.stop(id, toStopOptions(options)) }),
          ({ id, end }) =>
            json
              ? writeJsonLine({ id, end })
              : writeLine(`${id}: ${end === null ? "stopped" : showEnd(end)}`),
        ),
      ),
    );
}

function toStopOptions({ time, signal }: StopCommandOptions): StopOptions {
  return { ...(time === undefined ? {} : { timeout: time }), ...(signal === undefined ? {} : { signal }) };
}
