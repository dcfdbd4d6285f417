import { closeSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { HostProcess } from "../process/host-process.ts";
import type { OutputSource } from "../process/output-source.ts";
import { readProcessStat } from "../process/process-stat.ts";
import { type Program, startProgram } from "../process/program.ts";
import { useTerminal } from "../process/program-streams.ts";
import { type AttachedRuntime, type AttachRequest, runtimeProgram } from "./attached-runtime.ts";
import { waitForEnd } from "./host-exec-process.ts";
import { openTerminal } from "./session-streams.ts";

/**
 * Waits for a line on descriptor 3, or its end, as a child of the process that becomes the runtime. It holds none of the
 * terminal's descriptors.
 */
const WITH_CHILD = '(read -r line <&3) </dev/null >/dev/null 2>&1 & exec "$@" 3<&-';
/** How often a command on a terminal is looked at, and how long two looks at its runtime are apart. */
const POLL_MS = 10;
/** So many looks in a row must find the runtime asleep where its reads cannot be counted. */
const QUIET_LOOKS = 10;
/** A descendant of the command that goes on printing is not waited for longer than this. */
const DRAIN_MAX_MS = 2000;

/**
 * Starts crun with a terminal. crun (seen in 1.8 to 1.23) ends as soon as its last child has, and puts what it has not
 * read from the command's terminal by then into its log: every second `echo` is lost. So it gets one more child, which
 * ends when all output has been read.
 */
export async function attachCrunTerminal(request: AttachRequest): Promise<AttachedRuntime> {
  const { config, source } = request;
  const { readFd, writeFd } = await source.pipes.take("write");
  let isHeld = true;
  const letGo = () => {
    if (isHeld) closeSync(writeFd);
    isHeld = false;
  };
  try {
    const terminal = openTerminal(source, config, { raw: true });
    const crun = runtimeProgram({ ...request, extraFds: [readFd] });
    const program = await startProgram(
      { ...crun, file: "/bin/sh", args: ["-c", WITH_CHILD, "sh", crun.file, ...crun.args] },
      useTerminal(terminal),
    );
    return {
      program,
      stdin: program.stdin,
      stdout: program.stdout,
      stderr: null,
      watch: (command) => void waitUntilDrained(command, program, terminal.output).finally(letGo),
      release: () => {
        letGo();
        program.release();
      },
    };
  } catch (error) {
    letGo();
    throw error;
  } finally {
    closeSync(readFd);
  }
}

/** Resolves once the command has ended and crun has passed on all that it printed. Never rejects. */
async function waitUntilDrained(command: HostProcess, crun: Program, output: OutputSource): Promise<void> {
  await Promise.race([waitForEnd(command, POLL_MS), crun.exited]);
  const deadline = performance.now() + DRAIN_MAX_MS;
  let quietLooks = 0;
  let before = look(crun, output);
  while (!crun.hasExited && performance.now() < deadline && quietLooks < QUIET_LOOKS) {
    await setTimeout(POLL_MS, undefined, { ref: false });
    const now = look(crun, output);
    if (hasReadInVain(before, now)) return;
    const isQuiet = before.isAsleep && now.isAsleep && now.receivedBytes === before.receivedBytes;
    quietLooks = isQuiet && !output.isBackedUp ? quietLooks + 1 : 0;
    if (quietLooks > 0 && now.reads !== null && now.reads.calls === before.reads?.calls) return;
    before = now;
  }
}

interface Look {
  /** Asleep, crun has nothing to read, or waits until its own output is read. */
  readonly isAsleep: boolean;
  /** What crun has read so far. Null: not ours to know. */
  readonly reads: { readonly calls: number; readonly bytes: number } | null;
  readonly receivedBytes: number;
}

/** At the end of a terminal a crun that does not sleep reads again and again and gets nothing. */
function hasReadInVain(before: Look, now: Look): boolean {
  if (before.reads === null || now.reads === null) return false;
  return now.reads.bytes === before.reads.bytes && now.reads.calls > before.reads.calls + 1;
}

function look(crun: Program, { receivedBytes }: OutputSource): Look {
  return { isAsleep: readProcessStat(crun.pid)?.state === "S", reads: readReads(crun.pid), receivedBytes };
}

/** crun hides itself from other users' processes, and so from a manager that is not root's. */
function readReads(pid: number): Look["reads"] {
  try {
    const text = readFileSync(`/proc/${pid}/io`, "latin1");
    const [calls, bytes] = [/^syscr: (\d+)$/m, /^rchar: (\d+)$/m].map((field) =>
      Number(field.exec(text)?.[1]),
    );
    return calls === undefined || bytes === undefined ? null : { calls, bytes };
  } catch {
    return null;
  }
}
