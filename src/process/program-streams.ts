import { closeSync, fchownSync, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { TerminalSize } from "../session/terminal-size.ts";
import type { OurEnd, PipeSource } from "./pipe-source.ts";
import type { Terminal } from "./terminal.ts";

/** The standard streams between this process and a program: their ends for the program, ours for the session. */
export interface ProgramStreams {
  /** What the program gets as file descriptors 0, 1 and 2; `ignore` is /dev/null. */
  readonly theirs: readonly (number | "ignore")[];
  /** Null: the program reads /dev/null. */
  readonly stdin: Writable | null;
  /** With a terminal, all output. Null: it goes to /dev/null. */
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** What the kernel calls the pipes, whoever holds them. Empty for a terminal. */
  readonly pipeNames: readonly string[];
  /** Closes the program's ends here; to be called then, or when it has not come to be. */
  closeTheirs(): void;
  readonly closeTheirsWhen: "started" | "exited";
  resize(size: TerminalSize): void;
  /** Gives up our ends. */
  release(): void;
}

export interface PipeRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Who may open the streams by their paths, such as /dev/stderr. Absent: this process's user. */
  readonly owner?: StreamOwner;
}

/** A user of this machine, by number. */
export interface StreamOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Pipes for the attached streams, /dev/null for the others. */
export async function openPipes(source: PipeSource, request: PipeRequest): Promise<ProgramStreams> {
  const pipes: Pipe[] = [];
  const open = async (isAttached: boolean, ours: OurEnd) => {
    if (!isAttached) return null;
    const pipe = await openPipe(source, ours);
    pipes.push(pipe);
    if (request.owner) fchownSync(pipe.theirFd, request.owner.uid, request.owner.gid);
    return pipe;
  };
  try {
    const stdin = await open(request.stdin, "write");
    const stdout = await open(request.stdout, "read");
    const stderr = await open(request.stderr, "read");
    return {
      theirs: [stdin?.theirFd ?? "ignore", stdout?.theirFd ?? "ignore", stderr?.theirFd ?? "ignore"],
      stdin: stdin?.socket ?? null,
      stdout: stdout?.socket ?? null,
      stderr: stderr?.socket ?? null,
      pipeNames: pipes.map(({ theirFd }) => `pipe:[${fstatSync(theirFd).ino}]`),
      closeTheirs: () => pipes.forEach(closeTheirEnd),
      closeTheirsWhen: "started",
      resize: () => {},
      release: () => pipes.forEach(releaseOurEnd),
    };
  } catch (error) {
    pipes.forEach(closeTheirEnd);
    pipes.forEach(releaseOurEnd);
    throw error;
  }
}

/**
 * A terminal's slave as all three streams. It stays open here until the program has ended: once nobody has it open, the
 * terminal is over, which ends a program by SIGHUP that has only closed its streams, as many do right before their end.
 */
export function useTerminal(terminal: Terminal): ProgramStreams {
  return {
    theirs: [terminal.slaveFd, terminal.slaveFd, terminal.slaveFd],
    stdin: terminal.input,
    stdout: terminal.output,
    stderr: null,
    pipeNames: [],
    closeTheirs: () => terminal.closeSlave(),
    closeTheirsWhen: "exited",
    resize: (size) => terminal.resize(size),
    release: () => terminal.release(),
  };
}

interface Pipe {
  readonly theirFd: number;
  readonly socket: Socket;
}

/**
 * A socket that reads from its beginning on tells of the end of an empty stream once, before anybody listens. Not in
 * Node.js's documentation, but what its own terminal streams are made with.
 */
const READ_WHEN_ASKED = { manualStart: true };

async function openPipe(source: PipeSource, ours: OurEnd): Promise<Pipe> {
  const { readFd, writeFd } = await source.take(ours);
  const isReader = ours === "read";
  const socket = new Socket({
    ...READ_WHEN_ASKED,
    fd: isReader ? readFd : writeFd,
    readable: isReader,
    writable: !isReader,
  });
  // EPIPE when the command ends before it has read its input: whoever wrote is told by the write's callback, and without
  // a listener the same error would end the whole process.
  socket.on("error", () => {});
  return { theirFd: isReader ? writeFd : readFd, socket };
}

function closeTheirEnd({ theirFd }: Pipe): void {
  closeSync(theirFd);
}

function releaseOurEnd({ socket }: Pipe): void {
  socket.destroy();
}
