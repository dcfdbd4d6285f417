import { closeSync, constants, openSync } from "node:fs";
import { makePipes } from "./make-pipes.ts";

/** The two ends of a new pipe. Whoever takes them closes them. */
export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

/** Which end stays here, so that it must not block; the other end is for a command, which expects that it blocks. */
export type OurEnd = "read" | "write";

/**
 * Keeps a stock of pipes. Node.js makes only pairs of sockets for its children, and the kernel lets nobody open a socket by
 * path: in a command with sockets, `echo failed >/dev/stderr` fails.
 */
export class PipeSource {
  readonly #shell: string;
  #stock: number[] = [];
  #making: Promise<void> | undefined;

  /** `shell` makes the pipes. Absent: /bin/sh. */
  constructor(shell = "/bin/sh") {
    this.#shell = shell;
  }

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
    this.#making ??= makePipes(this.#shell)
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

/** Below this new ones are made ahead of time: enough for the sessions that start while they are made. */
const LOW_STOCK = 12;

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
