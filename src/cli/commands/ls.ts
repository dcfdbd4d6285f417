import { type Command, Option } from "commander";
import type { SessionState } from "../../session/exec-session.ts";
import type { ListFilter, SessionSummary } from "../../session/session-service.ts";
import { collectPair } from "../parse-option.ts";
import { terminalColumns } from "../raw-terminal.ts";
import {
  type CommandContext,
  runWithHost,
  type SessionCommandOptions,
  sessionCommand,
} from "../session-command.ts";
import { shortId, showAge, showCommand, showContainer, showStatus } from "../show-session.ts";
import { formatTable } from "../table.ts";
import { writeText } from "../write-output.ts";

interface LsOptions extends SessionCommandOptions {
  readonly container?: string;
  readonly state?: SessionState;
  readonly label?: Readonly<Record<string, string>>;
  readonly quiet?: boolean;
}

export function lsCommand(): Command {
  return sessionCommand("ls")
    .description("list sessions")
    .option("--container <id>", "only those of this container, by its full id as --json shows it")
    .addOption(new Option("--state <state>", "only those in this state").choices(STATES))
    .option("--label <name=value>", "only those with this label; may be given again", collectPair)
    .option("-q, --quiet", "write full ids only")
    .action((options: LsOptions) => runWithHost(options, (context) => ls(context, options)));
}

const STATES: readonly SessionState[] = ["created", "running", "stopped"];

async function ls({ service, json }: CommandContext, options: LsOptions): Promise<void> {
  const sessions = (await service.list(toFilter(options))).toSorted(byAge);
  await writeText(json ? `${JSON.stringify(sessions, null, 2)}\n` : toText(sessions, options));
}

/** The newest last, where it is seen right above the next prompt. Times as text sort as times do. */
function byAge(a: SessionSummary, b: SessionSummary): number {
  return (a.createdAt ?? "").localeCompare(b.createdAt ?? "");
}

function toFilter({ container, state, label }: LsOptions): ListFilter {
  return {
    ...(container === undefined ? {} : { container }),
    ...(state === undefined ? {} : { state }),
    ...(label === undefined ? {} : { labels: label }),
  };
}

function toText(sessions: readonly SessionSummary[], { quiet }: LsOptions): string {
  if (quiet) return sessions.map(({ id }) => `${id}\n`).join("");
  const now = Date.now();
  return formatTable(
    HEADINGS,
    sessions.map((session) => toRow(session, now)),
    terminalColumns(),
  );
}

const HEADINGS = ["ID", "STATUS", "CONTAINER", "CREATED", "COMMAND"];

function toRow(session: SessionSummary, now: number): readonly string[] {
  const { id, containerId, createdAt, command } = session;
  return [
    shortId(id),
    showStatus(session),
    showContainer(containerId),
    showAge(createdAt, now),
    showCommand(command),
  ];
}
