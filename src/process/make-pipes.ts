import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Readable } from "node:stream";
import { errorText, SessionError } from "../session/session-error.ts";

/** A POSIX shell can number file descriptors from 3 to 9. */
const FDS = [3, 4, 5, 6, 7, 8, 9];
/** So many times as many are made at once; a pipe in stock costs one file descriptor. */
const ROUNDS = 4;

/**
 * Makes pipes with a short-lived shell, by the means of its language; they are opened from here through /proc. Resolves with
 * file descriptors, each open for reading and writing. Throws EXEC_RUNTIME_FAILED.
 */
export async function makePipes(shell: string): Promise<number[]> {
  try {
    return (await makeByHereDocuments(shell)) ?? (await makeByPipelines(shell));
  } catch (error) {
    throw new SessionError(
      "EXEC_RUNTIME_FAILED",
      `No pipes could be made for the command: ${errorText(error)}`,
      { cause: error },
    );
  }
}

/** What each here-document holds; it is read again before its pipe is used. */
const CONTENT = "x\n";
const HERE_DOCUMENTS = `while read -r _; do
exec ${FDS.map((fd) => `${fd}<<x${fd}`).join(" ")}
${FDS.map((fd) => `${CONTENT}x${fd}`).join("\n")}
echo
done`;

/**
 * A short here-document is a pipe that costs no process, in dash, in busybox and in bash from 5.1 on. Undefined: this shell
 * makes it a file.
 */
async function makeByHereDocuments(shell: string): Promise<number[] | undefined> {
  const child = spawn(shell, ["-c", HERE_DOCUMENTS], { stdio: ["pipe", "pipe", "ignore"], env: {} });
  // The shell has a reader's end of its own until it has ended.
  const ended = once(child, "close");
  child.stdin.on("error", () => {
    // Its end tells.
  });
  const fds: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      child.stdin.write("\n");
      await Promise.race([once(child.stdout, "data"), ended.then(endedEarly)]);
      for (const fd of FDS) fds.push(openPipe(child.pid, fd));
      if (!fds.every(isPipe)) {
        fds.forEach(closeSync);
        return undefined;
      }
    }
    for (const fd of fds) readSync(fd, Buffer.alloc(CONTENT.length));
    return fds;
  } catch (error) {
    fds.forEach(closeSync);
    throw error;
  } finally {
    child.stdin.end();
    await ended.catch(() => {
      // It did not even start, which has been told.
    });
  }
}

/** Every stage of a pipeline has a pipe as its standard input, and a process of its own, which makes this slow. */
async function makeByPipelines(shell: string): Promise<number[]> {
  // The shells wait on standard error until it closes, which also ends them if this process dies meanwhile.
  const child = spawn(shell, ["-c", PIPELINES], { stdio: ["ignore", "pipe", "pipe"], env: {} });
  const fds: number[] = [];
  try {
    const failed = once(child, "close").then(endedEarly);
    for (const pid of await Promise.race([readPids(child.stdout), failed])) {
      for (const fd of FDS) fds.push(openPipe(pid, fd));
    }
    return fds;
  } catch (error) {
    fds.forEach(closeSync);
    throw error;
  } finally {
    child.stderr.destroy();
  }
}

/** Tells its own pid, and keeps the pipes open until it is told to end. */
const TELL_AND_WAIT = 'read -r pid rest </proc/self/stat; echo "$pid"; read -r line <&2';
/** Each stage copies its own pipe away and begins the next pipeline. */
const PIPELINES = `${`{ ${FDS.toReversed().reduce(
  (next, fd) => `: | { exec ${fd}<&0; ${next}; }`,
  TELL_AND_WAIT,
)}; } &\n`.repeat(ROUNDS)}wait`;

/** The shells' pids, one a line; each shell has its pipes by then. */
async function readPids(output: Readable): Promise<number[]> {
  let text = "";
  for await (const chunk of output) {
    text += String(chunk);
    const lines = text.split("\n");
    if (lines.length > ROUNDS) return lines.slice(0, ROUNDS).map(Number);
  }
  return endedEarly();
}

function openPipe(pid: ChildProcess["pid"], fd: number): number {
  return openSync(`/proc/${pid}/fd/${fd}`, constants.O_RDWR | constants.O_NONBLOCK);
}

function isPipe(fd: number): boolean {
  return fstatSync(fd).isFIFO();
}

function endedEarly(): never {
  throw new Error("the shell ended early");
}
