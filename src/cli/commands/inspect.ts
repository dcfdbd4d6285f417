import type { Command } from "commander";
import type { SessionInspect } from "../../session/session-inspect.ts";
import { type Fact, formatFacts } from "../facts.ts";
import { forEachSession } from "../failure.ts";
import { terminalColumns } from "../raw-terminal.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { showCommand, showEnd } from "../show-session.ts";
import { writeText } from "../write-output.ts";

export function inspectCommand(): Command {
  return sessionCommand("inspect")
    .description("tell everything about sessions")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .action((ids: readonly string[], options: SessionCommandOptions) =>
      runWithHost(options, async ({ service, json }) => {
        const found: SessionInspect[] = [];
        await forEachSession(
          ids,
          json,
          (id) => service.inspect(id),
          (session) => void found.push(session),
        );
        await writeText(json ? `${JSON.stringify(found, null, 2)}\n` : found.map(toText).join("\n"));
      }),
    );
}

function toText(session: SessionInspect): string {
  return formatFacts(factsOf(session), terminalColumns());
}

function factsOf(session: SessionInspect): Readonly<Record<string, Fact>> {
  const { ProcessConfig, output, end, runtime } = session;
  return {
    Id: session.ID,
    State: session.state,
    End: end === null ? "" : showEnd(end),
    "Start error": end?.startError?.text ?? "",
    Command: showCommand([ProcessConfig.entrypoint, ...ProcessConfig.arguments]),
    Container: [
      session.containerName,
      ...(session.ContainerID === session.containerName ? [] : [session.ContainerID]),
    ].join(" "),
    Runtime: [runtime.path || runtime.kind, ...(runtime.root === "" ? [] : ["--root", runtime.root])].join(
      " ",
    ),
    Created: session.createdAt,
    Started: session.startedAt ?? "",
    Ended: end?.endedAt ?? "",
    Pid: session.Running ? String(session.Pid) : "",
    User: `${session.uid}:${session.gid}`,
    "Further groups": session.additionalGids.map(String),
    "Working directory": session.workDir,
    Environment: session.environmentNames,
    Labels: Object.entries(session.labels).map(([name, value]) => `${name}=${value}`),
    Streams: streamsOf(session),
    Output: `${output.stdoutBytes} bytes of stdout, ${output.stderrBytes} of stderr`,
    "No longer kept": output.firstOffset === 0 ? "" : `the first ${output.firstOffset} bytes`,
    "Dropped unread": output.truncated === 0 ? "" : `${output.truncated} bytes`,
  };
}

function streamsOf({ OpenStdin, OpenStdout, OpenStderr, ProcessConfig }: SessionInspect): string {
  const streams = { stdin: OpenStdin, stdout: OpenStdout, stderr: OpenStderr, terminal: ProcessConfig.tty };
  return Object.entries(streams)
    .filter(([, isThere]) => isThere)
    .map(([name]) => name)
    .join(" ");
}
