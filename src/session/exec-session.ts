import type { ExecConfig } from "./exec-config.ts";
import type { SignalName } from "./signals.ts";

/** Where a session is in its life; session-state.ts says which verb each state allows. */
export type SessionState = "created" | "running" | "stopped";

/** Which program reaches the container, and where it keeps its state. Plain data: it is stored and sent over sockets. */
export interface RuntimeSpec {
  readonly kind: "crun" | "runc" | "local";
  /** The program's path. Empty: found by `kind` on the PATH. */
  readonly path: string;
  /** The runtime's `--root`. Empty: the runtime's own default. */
  readonly root: string;
}

/** A container as one message or node names it. */
export interface ContainerRef {
  readonly runtime: RuntimeSpec;
  /** The container's id or name. */
  readonly container: string;
}

/** Why a session ended. */
export type EndReason =
  /** The command ended by itself. */
  | "exited"
  /** stop, kill or a forced remove ended it. */
  | "stopped"
  /** It ran longer than `timeout`. */
  | "timeout"
  /** Unread output passed `output.maxBytes` under the policy `stop`. */
  | "outputLimit"
  /** Its container stopped, died or was removed. */
  | "containerStopped"
  /** The command never ran; `startError` says why. */
  | "startFailed"
  /** It is gone, and nothing knows how it ended. */
  | "lost";

export type StartErrorKind =
  | "notFound"
  | "notExecutable"
  | "badInterpreter"
  | "badWorkDir"
  | "badUser"
  | "containerPaused"
  | "containerNotRunning"
  | "runtime";

export interface StartError {
  readonly kind: StartErrorKind;
  /** The runtime's or the kernel's own words. */
  readonly text: string;
}

/** How a session ended. Written once, after the last byte of output; never changed. */
export interface EndRecord {
  /** The command's exit code; 128+n after signal n; 125, 126 or 127 after a failed start as Podman has them. Null: unknown. */
  readonly exitCode: number | null;
  /** The signal that ended the command, where that is known. Null: none, or the runtime does not tell. */
  readonly signal: SignalName | null;
  readonly reason: EndReason;
  readonly startError: StartError | null;
  /** ISO 8601. Null: it never started. */
  readonly startedAt: string | null;
  /** ISO 8601. Of a `lost` session: when its end was noticed. */
  readonly endedAt: string;
  /** A descendant still held the output open when reading was given up. */
  readonly heldOpen: boolean;
  /** Bytes of output that were dropped before every consumer had read them. 0: none. */
  readonly truncated: number;
}

/** A runtime's own way to find a process again, and to know it is the same one. Plain JSON, opaque to the domain. */
export type ProcessIdentity = Readonly<Record<string, string | number | null>>;

/** What the container made of the requested user, group and working directory. */
export interface ResolvedProcess {
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly workDir: string;
  /** Names only: values may be secrets. */
  readonly environmentNames: readonly string[];
}

export interface OutputTotals {
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** The offset of the oldest byte still kept. */
  readonly firstOffset: number;
  /** Bytes dropped before every consumer had read them. */
  readonly truncated: number;
}

export const NO_OUTPUT: OutputTotals = { stdoutBytes: 0, stderrBytes: 0, firstOffset: 0, truncated: 0 };

export interface ContainerIdentity {
  readonly id: string;
  readonly name: string;
  /** The container's seconds between the stop signal and SIGKILL. Null: it has no say. */
  readonly stopTimeout: number | null;
}

/** The record of one exec session: an immutable value; every change makes the next revision. */
export interface ExecSession {
  readonly id: string;
  /** Counts the record's changes, from 1. */
  readonly revision: number;
  readonly state: SessionState;
  readonly runtime: RuntimeSpec;
  readonly container: ContainerIdentity;
  /** As checked at create. The values of `env` are dropped once the command has been started. */
  readonly config: ExecConfig;
  readonly resolved: ResolvedProcess;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. Null: not started yet. */
  readonly startedAt: string | null;
  /** As the host's kernel counts. Null: not running, or the runtime does not tell. */
  readonly pid: number | null;
  /** Null: not running, or it was being started when its manager died. */
  readonly identity: ProcessIdentity | null;
  readonly output: OutputTotals;
  /** Set exactly when `state` is `stopped`. */
  readonly end: EndRecord | null;
}

/** A record of the old form `{id, command, pid}`: listed, stoppable, removable; dropped once its process is dead. */
export interface LegacySession {
  readonly id: string;
  readonly command: readonly string[];
  readonly pid: number;
  /** When the record was written, in ms since the epoch: a process that started later is another one. */
  readonly recordedAtMs: number;
}

/** How Podman numbers a start that failed: 125 the runtime, 126 not executable, 127 not found. */
export function startErrorExitCode(kind: StartErrorKind): number {
  switch (kind) {
    case "notFound":
      return 127;
    case "notExecutable":
    case "badInterpreter":
      return 126;
    case "badWorkDir":
    case "badUser":
    case "containerPaused":
    case "containerNotRunning":
    case "runtime":
      return 125;
  }
}
