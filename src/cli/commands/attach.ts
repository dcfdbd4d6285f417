import type { Command } from "commander";
import type { SessionInspect } from "../../session/session-inspect.ts";
import type { AttachOptions } from "../../session/session-service.ts";
import { CONSUMER_LABEL } from "../consumer-label.ts";
import { passOnEnd } from "../end-of-session.ts";
import { joinSession } from "../join-session.ts";
import { parseOffset } from "../parse-option.ts";
import { terminalSize } from "../raw-terminal.ts";
import {
  type CommandContext,
  runWithHost,
  type SessionCommandOptions,
  sessionCommand,
} from "../session-command.ts";

interface AttachCommandOptions extends SessionCommandOptions {
  readonly interactive?: boolean;
  readonly since?: number;
}

export function attachCommand(): Command {
  return sessionCommand("attach")
    .description("join a session; its exit code becomes this command's")
    .argument("<id>", "an id, or a unique beginning of one")
    .option("-i, --interactive", "send standard input, also if it is no terminal")
    .option(
      "--since <offset>",
      "begin after so many bytes of the output (default: with what comes now)",
      parseOffset,
    )
    .action((id: string, options: AttachCommandOptions) =>
      runWithHost(options, (context) => attach(context, id, options)),
    );
}

async function attach(context: CommandContext, id: string, options: AttachCommandOptions): Promise<void> {
  const { service, json } = context;
  const session = await service.inspect(id);
  const { tty } = session.ProcessConfig;
  const takesInput = session.Running && session.OpenStdin && (options.interactive || process.stdin.isTTY);
  const attachment = await service.attach(session.ID, {
    ...placeIn(session, options),
    interactive: tty && takesInput,
    borrow: true,
  });
  const size = terminalSize();
  // A full-screen program draws itself anew when it is told of a size.
  if (tty && takesInput && size !== undefined) await service.resize(session.ID, size);
  const end = await joinSession(attachment, { service, json, tty, takesInput });
  await passOnEnd(session.ID, end, json);
}

/** A session that waits for the reader it was made with goes on where that one was cut off. */
function placeIn({ labels, output }: SessionInspect, { since }: AttachCommandOptions): AttachOptions {
  const consumer = labels[CONSUMER_LABEL];
  if (since !== undefined) return { offset: since };
  return consumer === undefined ? { offset: output.stdoutBytes + output.stderrBytes } : { consumer };
}
