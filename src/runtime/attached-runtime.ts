import type { Readable, Writable } from "node:stream";
import type { HostProcess } from "../process/host-process.ts";
import type { Program } from "../process/program.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { StreamSource } from "./session-streams.ts";

/** A runtime's `exec`, ready to be run. */
export interface AttachRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly config: ExecConfig;
  readonly source: StreamSource;
  /** File descriptors of this process for the command, from 3 on. */
  readonly extraFds: readonly number[];
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

/** An attachment that needs nothing beyond the program and its streams. */
export function attachPlainly(program: Program): AttachedRuntime {
  const { stdin, stdout, stderr } = program;
  return { program, stdin, stdout, stderr, watch: () => {}, release: () => program.release() };
}
