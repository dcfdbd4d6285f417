import type { Readable, Writable } from "node:stream";
import type { HostProcess } from "../process/host-process.ts";
import type { Program, ProgramRequest } from "../process/program.ts";
import { type ExecConfig, FIRST_EXTRA_FD } from "../session/exec-config.ts";
import type { StreamSource } from "./session-streams.ts";

/** A runtime's `exec`, ready to be run. */
export interface AttachRequest {
  readonly file: string;
  /** Its arguments, given the number that the first of `runtimeFds` has there. */
  readonly args: (firstFd: number) => readonly string[];
  readonly config: ExecConfig;
  readonly source: StreamSource;
  /** File descriptors of this process for the command, from 3 on. */
  readonly extraFds: readonly number[];
  /** File descriptors of this process for the runtime itself, after the command's. */
  readonly runtimeFds: readonly number[];
}

/** A runtime that runs attached: it waits for the command, and its streams are the command's. */
export interface AttachedRuntime {
  readonly program: Program;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** To be called once the command runs. */
  watch(command: HostProcess): void;
  /** Gives up the streams, and whatever else is held for the runtime. */
  release(): void;
}

/** How the runtime itself is started, with all file descriptors that are to be passed on. */
export function runtimeProgram({ file, args, extraFds, runtimeFds }: AttachRequest): ProgramRequest {
  return {
    file,
    args: args(FIRST_EXTRA_FD + extraFds.length),
    ownSession: true,
    extraFds: [...extraFds, ...runtimeFds],
  };
}

/** An attachment that needs nothing beyond the program and its streams. */
export function attachPlainly(program: Program): AttachedRuntime {
  const { stdin, stdout, stderr } = program;
  return { program, stdin, stdout, stderr, watch: () => {}, release: () => program.release() };
}
