import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { connectSessionHost } from "../client/connect-session-host.ts";
import { SessionClient } from "../client/session-client.ts";
import { SessionError } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import { reportFailure } from "./failure.ts";
import { parseFolder } from "./parse-option.ts";

/** What every command takes that needs a session host. */
export interface SessionCommandOptions {
  readonly stateDir: string;
  /** Absent: the host of the state directory, which is started if there is none. */
  readonly socket?: string;
  readonly json?: boolean;
}

/** What a command works with. */
export interface CommandContext {
  readonly service: SessionService;
  /** Where the host listens. */
  readonly socket: string;
  /** Whether its output is for a program. */
  readonly json: boolean;
}

/** A command that needs a session host. */
export function sessionCommand(name: string): Command {
  return new Command(name)
    .addOption(stateDirOption())
    .addOption(
      new Option("--socket <path>", "connect to this socket only, and start no host").env(
        "EXEC_SESSIONS_SOCKET",
      ),
    )
    .option("--json", "write JSON");
}

/** Where Node-RED keeps its sessions unless it has been told otherwise. */
export function stateDirOption(): Option {
  return new Option("--state-dir <folder>", "the sessions' state directory")
    .env("EXEC_SESSIONS_STATE_DIR")
    .argParser(parseFolder)
    .default(join(homedir(), ".node-red", "exec-sessions"));
}

/**
 * Does a command's work with a session host. A failure is told on standard error and by the process's exit code. A state
 * directory that is not there is one, since it is mistyped, unless the command `makesSessions`.
 */
export async function runWithHost(
  options: SessionCommandOptions,
  work: (context: CommandContext) => Promise<void>,
  { makesSessions = false }: { readonly makesSessions?: boolean } = {},
): Promise<void> {
  const { json = false } = options;
  try {
    if (options.socket === undefined && !makesSessions) assertFolder(options.stateDir);
    const { service, socket } = await openService(options);
    try {
      await work({ service, socket, json });
    } finally {
      await service.close();
    }
  } catch (error) {
    reportFailure(error, json);
  }
}

async function openService({ socket, stateDir }: SessionCommandOptions) {
  if (socket !== undefined) return { service: new SessionClient({ socketPath: socket }), socket };
  return connectSessionHost({ stateDir });
}

/** One that may not be looked at is for the client to complain of. */
function assertFolder(path: string): void {
  const directory = resolve(path);
  if (!isMissing(directory)) return;
  throw new SessionError(
    "EXEC_STATE_DIR_UNUSABLE",
    `No sessions are kept in ${directory}: there is no such folder.`,
    { details: { directory, errno: "ENOENT" } },
  );
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
