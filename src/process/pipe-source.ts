import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { errorText, SessionError } from "../session/session-error.ts";

/** The two ends of a new pipe. Whoever takes them closes them. */
export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

/** Which end stays here, so that it must not block; the other end is for a command, which expects that it blocks. */
export type OurEnd = "read" | "write";

/**
 * Makes pipes. Node.js makes only pairs of sockets for its children, and the kernel lets nobody open a socket by path: in
 * a command with sockets, `echo failed >/dev/stderr` fails. So a short-lived shell makes pipes, by the means of its
 * language, and they are opened from here through /proc.
 */
export class PipeSource {
  #stock: number[] = [];
  #making: Promise<void> | undefined;

  /** Makes a stock ahead of the first need. */
  prepare(): void {
    if (this.#stock.length < LOW_STOCK) void this.#replenish();
  }

  /** Gives a new pipe; usually one in stock. Throws EXEC_RUNTIME_FAILED if none can be made. */
  async take(ours: OurEnd): Promise<PipeEnds> {
    for (;;) {
      const fd = this.#stock.pop();
      this.prepare();
      if (fd !== undefined) return splitPipe(fd, ours);
      await this.#replenish();
    }
  }

  /** Gives up what is in stock. */
  async close(): Promise<void> {
    await this.#making?.catch(() => {
      // Then there is nothing more to give up.
    });
    for (const fd of this.#stock.splice(0)) closeSync(fd);
  }

  #replenish(): Promise<void> {
    this.#making ??= makePipes()
      .then((fds) => {
        this.#stock.push(...fds);
      })
      .finally(() => {
        this.#making = undefined;
      });
    this.#making.catch(() => {
      // Whoever finds the stock empty tries again and is told.
    });
    return this.#making;
  }
}

/** Below this new ones are made ahead of time: enough for the sessions that start while the shell runs. */
const LOW_STOCK = 12;
/** A POSIX shell can number file descriptors from 3 to 9. */
const FIRST_FD = 3;
const PIPES_PER_SHELL = 7;
/** One start of a shell makes so many times as many; a pipe in stock costs one file descriptor. */
const SHELLS = 4;

/** Opens both ends of the pipe `fd`, which must have been opened for reading and writing, and closes that. */
function splitPipe(fd: number, ours: OurEnd): PipeEnds {
  const path = `/proc/self/fd/${fd}`;
  const readFlags = constants.O_RDONLY | (ours === "read" ? constants.O_NONBLOCK : 0);
  const writeFlags = constants.O_WRONLY | (ours === "write" ? constants.O_NONBLOCK : 0);
  try {
    const readFd = openSync(path, readFlags);
    try {
      return { readFd, writeFd: openSync(path, writeFlags) };
    } catch (error) {
      closeSync(readFd);
      throw error;
    }
  } finally {
    closeSync(fd);
  }
}

/** Resolves with file descriptors of new pipes, each open for reading and writing. */
async function makePipes(): Promise<number[]> {
  // The shells wait on standard error until it closes, which also ends them if this process dies meanwhile.
  const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["ignore", "pipe", "pipe"], env: {} });
  const fds: number[] = [];
  try {
    const failed = new Promise<never>((_, reject) => shell.once("error", reject));
    for (const pid of await Promise.race([readPids(shell.stdout), failed])) {
      for (let fd = FIRST_FD; fd < FIRST_FD + PIPES_PER_SHELL; fd++) {
        fds.push(openSync(`/proc/${pid}/fd/${fd}`, constants.O_RDWR | constants.O_NONBLOCK));
      }
    }
    return fds;
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    const reason = errorText(error);
    throw new SessionError("EXEC_RUNTIME_FAILED", `No pipes could be made for the command: ${reason}`, {
      cause: error,
    });
  } finally {
    shell.stderr.destroy();
  }
}

/** The shells' pids, one a line; each shell has its pipes by then. */
async function readPids(output: Readable): Promise<number[]> {
  let text = "";
  for await (const chunk of output) {
    text += String(chunk);
    const lines = text.split("\n");
    if (lines.length > SHELLS) return lines.slice(0, SHELLS).map(Number);
  }
  throw new Error(`/bin/sh ended early, having said ${JSON.stringify(text)}`);
}

/** Tells its own pid, and keeps the pipes open until it is told to end. */
const TELL_AND_WAIT = 'read -r pid rest </proc/self/stat; echo "$pid"; read -r line <&2';
const SCRIPT = createScript();

/** Every stage of a pipeline has a pipe as its standard input; each copies its own away and begins the next pipeline. */
function createScript(): string {
  let stage = TELL_AND_WAIT;
  for (let fd = FIRST_FD + PIPES_PER_SHELL - 1; fd >= FIRST_FD; fd--) {
    stage = `: | { exec ${fd}<&0; ${stage}; }`;
  }
  return `${`{ ${stage}; } &\n`.repeat(SHELLS)}wait`;
}
