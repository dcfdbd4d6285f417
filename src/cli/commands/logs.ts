import type { Command } from "commander";
import type { OutputChunk } from "../../session/output-log.ts";
import type { SessionInspect } from "../../session/session-inspect.ts";
import type { SessionService } from "../../session/session-service.ts";
import { findTail } from "../find-tail.ts";
import { parseOffset, parseWholeNumber } from "../parse-option.ts";
import {
  type CommandContext,
  runWithHost,
  type SessionCommandOptions,
  sessionCommand,
} from "../session-command.ts";
import { writeOutput } from "../write-output.ts";

interface LogsOptions extends SessionCommandOptions {
  readonly follow?: boolean;
  readonly since: number;
  readonly tail?: number;
}

export function logsCommand(): Command {
  return sessionCommand("logs")
    .description("write a session's output: its stdout to stdout, its stderr to stderr")
    .argument("<id>", "an id, or a unique beginning of one")
    .option("-f, --follow", "go on until the session has ended")
    .option(
      "--since <offset>",
      "begin after so many bytes of the output, stdout and stderr together; not a time, since output is kept without",
      parseOffset,
      0,
    )
    .option(
      "-n, --tail <lines>",
      "begin with so many last lines, of stdout and stderr together",
      parseWholeNumber,
    )
    .action((id: string, options: LogsOptions) =>
      runWithHost(options, (context) => logs(context, id, options)),
    );
}

async function logs({ service, json }: CommandContext, id: string, options: LogsOptions): Promise<void> {
  const session = await service.inspect(id);
  const { follow = false, since, tail } = options;
  const now = bytesOf(session);
  const begin = tail === undefined ? since : await findTail(read(service, session.ID, since, now), tail, now);
  const end = follow || session.state === "stopped" ? Number.POSITIVE_INFINITY : now;
  for await (const chunk of read(service, session.ID, begin, end)) await writeOutput(chunk, json);
}

/** Output from one offset up to another. */
async function* read(
  service: SessionService,
  id: string,
  begin: number,
  end: number,
): AsyncIterable<OutputChunk> {
  if (begin >= end) return;
  for await (const chunk of await service.attach(id, { offset: begin, borrow: true })) {
    yield cut(chunk, end);
    if (endOf(chunk) >= end) return;
  }
}

/** How much output there is by now. */
function bytesOf({ output }: SessionInspect): number {
  return output.stdoutBytes + output.stderrBytes;
}

function endOf(chunk: OutputChunk): number {
  return chunk.offset + (chunk.kind === "gap" ? chunk.bytes : chunk.data.length);
}

/** The part of a chunk before an offset. */
function cut(chunk: OutputChunk, end: number): OutputChunk {
  if (chunk.kind === "gap" || endOf(chunk) <= end) return chunk;
  return { ...chunk, data: chunk.data.subarray(0, end - chunk.offset) };
}
