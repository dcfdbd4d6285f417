import type { Command } from "commander";
import { findContainer } from "../../client/find-container.ts";
import type { ContainerRef } from "../../session/exec-session.ts";
import { type ErrorCode, errorText, isSessionError, SessionError } from "../../session/session-error.ts";
import type { AttachmentEnd, SessionService } from "../../session/session-service.ts";
import { passOnEnd } from "../end-of-session.ts";
import { addExecOptions, CONSUMER, type ExecOptions, toExecConfig } from "../exec-options.ts";
import { reportNotice } from "../failure.ts";
import { joinSession } from "../join-session.ts";
import { proxySignals } from "../proxy-signals.ts";
import { type CommandContext, runWithHost, sessionCommand } from "../session-command.ts";
import { writeJsonLine, writeLine } from "../write-output.ts";

export function execCommand(): Command {
  return addExecOptions(sessionCommand("exec"))
    .description("run a command in a container; its exit code becomes this command's")
    .argument("<container>", 'the container\'s id or name; "local" is this machine')
    .argument("<command...>", "the program to run, and its arguments")
    .passThroughOptions()
    .action((container: string, command: readonly string[], options: ExecOptions) =>
      runWithHost(
        options,
        (context) => exec(context, { container, command: withoutSeparator(command), options }),
        { makesSessions: true },
      ),
    );
}

/** As in `exec web -- ls -l`, where it says that no options of ours follow; none do there anyway. */
function withoutSeparator(command: readonly string[]): readonly string[] {
  if (command[0] !== "--") return command;
  if (command.length > 1) return command.slice(1);
  throw new SessionError("EXEC_INVALID_ARGUMENT", 'There is no command after "--".');
}

interface ExecRequest {
  readonly container: string;
  readonly command: readonly string[];
  readonly options: ExecOptions;
}

async function exec(context: CommandContext, { container, command, options }: ExecRequest): Promise<void> {
  const { service, json, socket } = context;
  const target = await findTarget(socket, container, options);
  const { id } = await service.create(target, toExecConfig(command, options));
  try {
    if (options.detach) {
      await service.start(id);
      await (json ? writeJsonLine({ id }) : writeLine(id));
    } else {
      await runAttached(context, id, options);
    }
  } catch (error) {
    // A command whose host has gone may run on, and may be looked for.
    if (!hasCode(error, "EXEC_HOST_UNREACHABLE")) await removeUnfinished(service, id);
    throw error;
  }
}

function findTarget(
  socket: string,
  container: string,
  options: ExecOptions,
): Promise<ContainerRef> | ContainerRef {
  const { runtime: kind, runtimePath: path, runtimeRoot: root } = options;
  if (kind !== undefined) return { runtime: { kind, path, root }, container };
  if (path === "" && root === "") return findContainer(socket, container);
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    "--runtime-path and --runtime-root say nothing without --runtime: name the runtime's kind, too.",
  );
}

async function runAttached(
  { service, json }: CommandContext,
  id: string,
  options: ExecOptions,
): Promise<void> {
  const { tty = false, interactive = false } = options;
  const attachment = await service.startAndAttach(id, {
    interactive: tty && interactive,
    consumer: CONSUMER,
    borrow: true,
  });
  proxySignals(service, id);
  const end = await joinSession(attachment, { service, json, tty, takesInput: interactive });
  await passOnEnd(id, end, json);
  await leaveSession(service, id, end);
}

/** Whatever comes of this, the command's exit code stays. */
async function leaveSession(service: SessionService, id: string, end: AttachmentEnd): Promise<void> {
  try {
    if (end.kind === "detached") await stopWaitingForReader(service, id);
    if (end.kind === "ended") await service.remove(id);
  } catch (error) {
    if (!hasCode(error, "EXEC_SESSION_NOT_FOUND")) reportNotice(errorText(error));
  }
}

/** Nobody may ever come back for the output of a session that was left running. */
async function stopWaitingForReader(service: SessionService, id: string): Promise<void> {
  const attachment = await service.attach(id, { consumer: CONSUMER });
  attachment.close({ forget: true });
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return isSessionError(error) && error.code === code;
}

/** Best effort, while the true error is on its way. */
async function removeUnfinished(service: SessionService, id: string): Promise<void> {
  await service.remove(id, { force: true }).catch(() => {});
}
