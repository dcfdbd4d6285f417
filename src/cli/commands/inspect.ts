import type { Command } from "commander";
import type { SessionInspect } from "../../session/session-inspect.ts";
import { forEachSession } from "../failure.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { showCommand, showEnd } from "../show-session.ts";

export function inspectCommand(): Command {
  return sessionCommand("inspect")
    .description("tell everything about sessions")
    .argument("<id...>", "ids, or unique beginnings of ids")
    .action((ids: readonly string[], options: SessionCommandOptions) =>
      runWithHost(options, async ({ service, json }) => {
        const found: SessionInspect[] = [];
        await forEachSession(ids, json, async (id) => {
          found.push(await service.inspect(id));
        });
        process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : found.map(toText).join("\n"));
      }),
    );
}

function toText(session: SessionInspect): string {
  const facts = Object.entries(factsOf(session)).filter(([, value]) => value !== "");
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

function factsOf(session: SessionInspect): Readonly<Record<string, string>> {
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
    User: [session.uid, session.gid, ...session.additionalGids].join(":"),
    "Working directory": session.workDir,
    Environment: session.environmentNames.join(" "),
    Labels: Object.entries(session.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
    Streams: streamsOf(session),
    Output: `${output.stdoutBytes} bytes of stdout, ${output.stderrBytes} of stderr, kept from byte ${output.firstOffset}`,
    Dropped: output.truncated === 0 ? "" : `${output.truncated} bytes unread`,
  };
}

function streamsOf({ OpenStdin, OpenStdout, OpenStderr, ProcessConfig }: SessionInspect): string {
  const streams = { stdin: OpenStdin, stdout: OpenStdout, stderr: OpenStderr, terminal: ProcessConfig.tty };
  return Object.entries(streams)
    .filter(([, isThere]) => isThere)
    .map(([name]) => name)
    .join(" ");
}
