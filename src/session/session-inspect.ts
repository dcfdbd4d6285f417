import { DEFAULT_DETACH_KEYS } from "./detach-keys.ts";
import type { OutputLimits } from "./exec-config.ts";
import type { EndRecord, ExecSession, OutputTotals, RuntimeSpec, SessionState } from "./exec-session.ts";

/** A session as inspect shows it: Podman's InspectExecSession, field by field, and what it lacks. */
export interface SessionInspect {
  /** Whether remove works without force. Podman says so only of stopped sessions; a created one can be removed as well. */
  readonly CanRemove: boolean;
  readonly ContainerID: string;
  readonly DetachKeys: string;
  /** Null until the session has ended, and where nothing knows it. */
  readonly ExitCode: number | null;
  readonly ID: string;
  readonly OpenStdin: boolean;
  readonly OpenStdout: boolean;
  readonly OpenStderr: boolean;
  readonly Running: boolean;
  /** The host's pid; 0 unless running, as Podman has it. */
  readonly Pid: number;
  readonly ProcessConfig: {
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly tty: boolean;
    /** As requested; empty: the container's own. */
    readonly user: string;
  };
  readonly state: SessionState;
  readonly end: EndRecord | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly runtime: RuntimeSpec;
  readonly containerName: string;
  readonly workDir: string;
  /** The ids the command runs under. */
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** Names only: values may be secrets. */
  readonly environmentNames: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly output: OutputTotals;
  readonly outputLimits: OutputLimits;
  readonly revision: number;
}

export function inspectSession(session: ExecSession, output: OutputTotals): SessionInspect {
  const { config, resolved } = session;
  const running = session.state === "running";
  return {
    CanRemove: !running,
    ContainerID: session.container.id,
    DetachKeys: config.detachKeys ?? DEFAULT_DETACH_KEYS,
    ExitCode: session.end?.exitCode ?? null,
    ID: session.id,
    OpenStdin: config.attachStdin,
    OpenStdout: config.attachStdout,
    OpenStderr: config.attachStderr,
    Running: running,
    Pid: running ? (session.pid ?? 0) : 0,
    ProcessConfig: {
      entrypoint: config.command[0] ?? "",
      arguments: config.command.slice(1),
      privileged: config.privileged,
      tty: config.tty,
      user: config.user,
    },
    state: session.state,
    end: session.end,
    createdAt: session.createdAt,
    startedAt: session.startedAt,
    runtime: session.runtime,
    containerName: session.container.name,
    workDir: resolved.workDir,
    uid: resolved.user.uid,
    gid: resolved.user.gid,
    additionalGids: resolved.user.additionalGids,
    environmentNames: resolved.environmentNames,
    labels: config.labels,
    output,
    outputLimits: config.output,
    revision: session.revision,
  };
}
