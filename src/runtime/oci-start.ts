import { type HostProcess, identifyProcess } from "../process/host-process.ts";
import { NamelessFile } from "../process/nameless-file.ts";
import { waitForPidFile } from "../process/pid-file.ts";
import { findPipeHolders } from "../process/pipe-holders.ts";
import { killTree } from "../process/process-tree.ts";
import type { Program } from "../process/program.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { RuntimeSpec } from "../session/exec-session.ts";
import { StartFailure } from "../session/runtime.ts";
import { rootArguments } from "./ask-runtime.ts";
import type { AttachedRuntime } from "./attached-runtime.ts";
import { pidFileIn } from "./bundle-pid-file.ts";
import { openExtraFds } from "./extra-files.ts";
import { attachRuntime } from "./oci-attach.ts";
import { readLastError } from "./oci-log.ts";
import type { OciProcess } from "./oci-process.ts";
import type { StreamSource } from "./session-streams.ts";
import { startErrorKind } from "./start-error-table.ts";

/** A runtime on a machine under load takes seconds; one that takes longer than this hangs. */
const START_TIMEOUT_MS = 60_000;

export interface OciStartRequest {
  readonly program: string;
  readonly spec: RuntimeSpec;
  readonly containerId: string;
  readonly config: ExecConfig;
  readonly process: OciProcess;
  /** The session's folder. */
  readonly bundle: string;
  /** Takes the runtime's errors as JSON lines. */
  readonly log: NamelessFile;
  readonly streams: StreamSource;
}

export interface StartedCommand {
  readonly identity: HostProcess;
  /** The attached runtime, which waits for the command and has its streams. */
  readonly runtime: AttachedRuntime;
}

/** Runs `RUNTIME exec`, attached, and resolves once the command runs. Throws StartFailure if it does not come to that. */
export async function startInContainer(request: OciStartRequest): Promise<StartedCommand> {
  const extra = await openExtraFds(request.config);
  try {
    const runtime = await startRuntime(request, extra.fds);
    const identity = await waitOrEnd(runtime, request);
    runtime.watch(identity);
    return { runtime, identity };
  } finally {
    await extra.close();
  }
}

/** The command's process has secrets in its environment, so it is in no file that has a name. */
async function startRuntime(request: OciStartRequest, extraFds: readonly number[]): Promise<AttachedRuntime> {
  const process = new NamelessFile(request.bundle, JSON.stringify(request.process));
  try {
    return await attachRuntime(request.spec.kind, {
      file: request.program,
      args: (firstFd) => execArguments(request, { process: firstFd, log: firstFd + 1 }),
      config: request.config,
      source: request.streams,
      extraFds,
      runtimeFds: [process.fd, request.log.fd],
    });
  } finally {
    process.close();
  }
}

function execArguments(
  { spec, config, containerId, bundle }: OciStartRequest,
  fds: { readonly process: number; readonly log: number },
): readonly string[] {
  const extraFds = config.preserveFds.length + config.extraFiles.length;
  return [
    ...rootArguments(spec),
    ...["--log", ownFd(fds.log), "--log-format", "json"],
    ...["exec", "--process", ownFd(fds.process), "--pid-file", pidFileIn(bundle)],
    ...(config.tty ? ["--tty"] : []),
    ...(extraFds > 0 ? ["--preserve-fds", String(extraFds)] : []),
    containerId,
  ];
}

/** The path by which a program opens what it was given as a file descriptor. */
function ownFd(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

async function waitOrEnd(runtime: AttachedRuntime, request: OciStartRequest): Promise<HostProcess> {
  const writer = identifyProcess(runtime.program.pid);
  try {
    return await waitForCommand(runtime, request, writer);
  } catch (error) {
    // A runtime that says what is wrong with the command has not run it.
    const isExplained = error instanceof StartFailure && error.startError.kind !== "runtime";
    if (!isExplained) await killAllOf(runtime, writer);
    runtime.release();
    throw error;
  }
}

async function waitForCommand(
  { program }: AttachedRuntime,
  { bundle, log }: OciStartRequest,
  writer: HostProcess,
): Promise<HostProcess> {
  const pid = await waitForPidFile({
    path: pidFileIn(bundle),
    writer: { startTime: writer.startTime ?? 0, ended: program.exited },
    timeoutMs: START_TIMEOUT_MS,
  });
  if (typeof pid === "number") return identifyCommand(pid, writer);
  if (pid === null) throw await startFailure(program, log);
  const text = `the runtime did not start the command within ${START_TIMEOUT_MS / 1000} s and was killed`;
  throw new StartFailure({ kind: "runtime", text });
}

/** A command may run, though its runtime never came to say so: crun leaves it running where the pid file has no room on the disk. */
async function killAllOf({ program }: AttachedRuntime, writer: HostProcess): Promise<void> {
  await killTree(writer);
  const holders = await findPipeHolders(program.pipeNames, writer.startTime ?? 0);
  await Promise.all(holders.map(killTree));
}

/** A process that began before its runtime has the pid of a command that is already gone. */
function identifyCommand(pid: number, writer: HostProcess): HostProcess {
  const identity = identifyProcess(pid);
  const isOurs = identity.startTime !== null && identity.startTime >= (writer.startTime ?? 0);
  return isOurs ? identity : { ...identity, startTime: null, sessionId: null };
}

async function startFailure(runtime: Program, log: NamelessFile): Promise<StartFailure> {
  const { code, signal } = await runtime.exited;
  const ending = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const text = readLastError(log) ?? `the runtime ended with ${ending} before it started the command`;
  return new StartFailure({ kind: startErrorKind(text), text });
}
