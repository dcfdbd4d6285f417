import { writeFile } from "node:fs/promises";
import { type HostProcess, identifyProcess } from "../process/host-process.ts";
import { killTree } from "../process/process-tree.ts";
import { type Program, startProgram } from "../process/program.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import { StartFailure } from "../session/runtime.ts";
import { isSessionError } from "../session/session-error.ts";
import { openExtraFds } from "./extra-files.ts";
import { isOtherUser } from "./local-request.ts";
import { diagnoseOnMachine, explainSpawnError } from "./local-start-error.ts";
import type { ProcessRequest } from "./process-request.ts";
import { openSessionStreams, type StreamSource } from "./session-streams.ts";

export interface LocalStartRequest {
  readonly config: ExecConfig;
  readonly request: ProcessRequest;
  /** Where the command's pid goes. */
  readonly pidFile: string;
  readonly streams: StreamSource;
}

export interface LocalCommand {
  readonly identity: HostProcess;
  readonly program: Program;
}

/**
 * Begins a process session whose controlling terminal is the one on standard input, and becomes the command. In util-linux
 * and busybox.
 */
const TAKE_TERMINAL = ["setsid", "-c", "--"];

/** Starts a command on this machine, in a process session of its own. Throws StartFailure if it cannot be executed. */
export async function startOnMachine(start: LocalStartRequest): Promise<LocalCommand> {
  const { config, request, pidFile } = start;
  // With a terminal another program executes the command, and what keeps it from that would look like the command's exit.
  const failure = config.tty ? await diagnoseOnMachine(config, request) : null;
  if (failure !== null) throw new StartFailure(failure);
  const extra = await openExtraFds(config);
  try {
    const program = await startCommand(start, extra.fds);
    // In time in any case: a child that has ended keeps its pid until the event loop goes on.
    const identity = { ...identifyProcess(program.pid), sessionId: program.pid };
    await writePidFile(pidFile, { identity, program });
    return { identity, program };
  } finally {
    await extra.close();
  }
}

async function startCommand(
  { config, request, streams }: LocalStartRequest,
  extraFds: readonly number[],
): Promise<Program> {
  const [file = "", ...args] = config.tty ? [...TAKE_TERMINAL, ...config.command] : config.command;
  const user = isOtherUser(request.user) ? request.user : undefined;
  try {
    return await startProgram(
      {
        file,
        args,
        env: Object.fromEntries(request.env),
        cwd: request.workDir,
        ownSession: !config.tty,
        extraFds,
        ...(user && { user }),
      },
      await openSessionStreams(streams, config, { raw: false, ...(user && { owner: user }) }),
    );
  } catch (error) {
    if (isSessionError(error)) throw error;
    throw new StartFailure(await explainSpawnError(error, config, request), { cause: error });
  }
}

/** So that the next manager finds the command if this one dies before it has told anybody. */
async function writePidFile(path: string, { identity, program }: LocalCommand): Promise<void> {
  try {
    await writeFile(path, String(program.pid), { mode: 0o600 });
  } catch (error) {
    await killTree(identity);
    program.release();
    throw error;
  }
}
