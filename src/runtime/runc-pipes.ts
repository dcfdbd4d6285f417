import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { HostProcess } from "../process/host-process.ts";
import { type Program, startProgram } from "../process/program.ts";
import { openPipes } from "../process/program-streams.ts";
import { SeverableOutput } from "../process/severable-output.ts";
import { type AttachedRuntime, type AttachRequest, runtimeProgram } from "./attached-runtime.ts";
import { waitForEnd } from "./host-exec-process.ts";

/** A command whose runtime stays is looked at so often. */
const POLL_MS = 50;
/** A quiet time after the command's end that shows that only a descendant still holds the output open. */
const QUIET_MS = 100;
/** A descendant that goes on printing is not waited for longer than this. */
const DRAIN_MAX_MS = 2000;
/** More than a command can leave on its way: in runc's pipe and in ours, of 1 MiB at the most, and in runc. */
const LEFT_MAX_BYTES = 3 * 1024 * 1024;
/** How long a runtime whose output is closed may take to end. */
const END_WAIT_MS = 2000;

/**
 * Starts runc without a terminal. runc gives the command pipes of its own and copies what comes out of them, also after
 * the command's end: it tells the exit code only once every background child has closed its output, which a daemon never
 * does. So once only such a child is left, the output is closed and runc is made to notice.
 */
export async function attachRuncPipes(request: AttachRequest): Promise<AttachedRuntime> {
  const { config, source } = request;
  // Also what the session does not attach: to /dev/null runc would copy for ever.
  const streams = await openPipes(source.pipes, { stdin: config.attachStdin, stdout: true, stderr: true });
  const program = await startProgram(runtimeProgram(request), streams);
  const outputs = [program.stdout, program.stderr].map((stream) => stream && new SeverableOutput(stream));
  const [stdout = null, stderr = null] = outputs;
  const opened = outputs.filter((output) => output !== null);
  return {
    program,
    stdin: program.stdin,
    stdout,
    stderr,
    watch: (command) => void endWithCommand(command, program, opened),
    release: () => {
      for (const output of opened) output.destroy();
      program.release();
    },
  };
}

/** Resolves when runc has ended, at the latest a bounded time after its command. Never rejects. */
async function endWithCommand(
  command: HostProcess,
  runc: Program,
  outputs: readonly SeverableOutput[],
): Promise<void> {
  await Promise.race([waitForEnd(command, POLL_MS), runc.exited]);
  // Also if nobody reads on, as behind a full log: the command's end is to be known nevertheless.
  for (const output of outputs) output.takeAhead(LEFT_MAX_BYTES);
  await waitUntilQuiet(runc, outputs);
  if (runc.hasExited) return;
  for (const output of outputs) output.sever();
  wakeCopying(runc.pid);
  await Promise.race([runc.exited, setTimeout(END_WAIT_MS, undefined, { ref: false })]);
  // Then the exit code is lost, but not the session's end.
  if (!runc.hasExited) runc.signal("SIGKILL");
}

/** Resolves once all has come that the command can have printed. */
async function waitUntilQuiet(runc: Program, outputs: readonly SeverableOutput[]): Promise<void> {
  const deadline = performance.now() + DRAIN_MAX_MS;
  let before = -1;
  for (;;) {
    const received = outputs.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
    const isMore = outputs.some((output) => output.isBackedUp);
    if (runc.hasExited || received === before || isMore || performance.now() > deadline) return;
    before = received;
    await Promise.race([runc.exited, setTimeout(QUIET_MS, undefined, { ref: false })]);
  }
}

/**
 * Makes runc write into its closed output: it waits for bytes from the pipes that it gave to the command, so it gets one
 * from each. Nobody ever sees it.
 */
function wakeCopying(pid: number): void {
  const folder = `/proc/${pid}/fd`;
  try {
    const own = new Set(STANDARD_STREAMS.map((fd) => readlinkSync(`${folder}/${fd}`)));
    for (const fd of readdirSync(folder)) {
      const target = readlinkSync(`${folder}/${fd}`);
      if (target.startsWith("pipe:") && !own.has(target) && isReadEnd(pid, fd)) writeByte(`${folder}/${fd}`);
    }
  } catch {
    // It has just ended, or is not ours to look into; then it is killed.
  }
}

const STANDARD_STREAMS = [0, 1, 2];
/** The access mode in the octal flags of /proc/PID/fdinfo. */
const ACCESS_MODE = 3;

function isReadEnd(pid: number, fd: string): boolean {
  const [, flags = ""] =
    /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1")) ?? [];
  return (Number.parseInt(flags, 8) & ACCESS_MODE) === constants.O_RDONLY;
}

function writeByte(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(fd, "\n");
  } finally {
    closeSync(fd);
  }
}
