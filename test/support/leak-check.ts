import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { addedLines, findLeftovers } from "./leftovers.ts";
import { findOwnProcesses } from "./own-processes.ts";

/** What a suite let go of may take this long to be gone: a killed process must be reaped, a socket closed. */
const SETTLE_MS = 3_000;
const POLL_MS = 20;
/** Mocha runs without --exit; a process that has not ended this long after its last test never will. */
const WATCHDOG_MS = 5_000;

/** This run's own temporary folder. Short, because the paths of Unix sockets below it are limited to 107 bytes. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), "es-")));
process.env.TMPDIR = folder;
// npm and others would keep compiled code in the temporary folder.
process.env.NODE_DISABLE_COMPILE_CACHE = "1";
// The event loop opens its signal pipe with the first handler; without this, the first suite that needs one would seem to leak it.
process.once("SIGHUP", ignore).off("SIGHUP", ignore);
process.once("exit", sweep);
// Mocha takes a promise that nobody handles for none of its business; in Node-RED it ends the whole process.
process.on("unhandledRejection", (reason) => {
  throw reason;
});

/**
 * Fails every top-level suite that leaves a process, an open stream, a timer, a mount or a file in the temporary folder
 * behind, and names it. Tests get this run's own temporary folder by `os.tmpdir()`.
 */
export const mochaHooks: Mocha.RootHookObject = {
  async beforeAll(this: Mocha.Context) {
    this.timeout(SETTLE_MS * 2);
    let before = await currentLeftovers();
    for (const suite of this.test?.parent?.suites ?? []) {
      suite.afterAll("leak check", async function () {
        this.timeout(SETTLE_MS * 2);
        const added = await findAdded(before);
        // The next suite is not blamed for this one's.
        before = [...before, ...added];
        if (added.length > 0) throw new Error(`"${suite.title}" left behind:\n${indented(added)}`);
      });
    }
  },
  afterAll() {
    setTimeout(reportHanging, WATCHDOG_MS).unref();
    process.once("beforeExit", endCleanly);
  },
};

/** What is there that was not before, once it has had time to go. */
async function findAdded(before: readonly string[]): Promise<readonly string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const added = addedLines(before, await currentLeftovers());
    if (added.length === 0 || performance.now() > deadline) return added;
    await wait(POLL_MS);
  }
}

/** A hook's own timeout runs only from its first wait on, and a wait counts as a timer until its turn is over. */
async function currentLeftovers(): Promise<readonly string[]> {
  await nextTurn();
  return findLeftovers(folder);
}

/** The event loop is empty: whatever is still there now was left by hooks outside of all suites. */
function endCleanly(): void {
  const left = findLeftovers(folder).filter((line) => /^(process|file|mount) /.test(line));
  if (left.length > 0) failRun(`The run left behind:\n${indented(left)}`);
}

/** Also after a crash, so that no later run meets what this one left. */
function sweep(): void {
  for (const { pid } of findOwnProcesses(folder)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

function reportHanging(): void {
  const lines = [...findLeftovers(folder), ...activeHandles()];
  console.error(`The process does not end by itself; it holds:\n${indented(lines)}`);
  endCleanly();
  failRun("Ended by the leak check.");
  process.exit(1);
}

/** Mocha sets the exit code in its own "exit" listener; a listener added later has the last word. */
function failRun(message: string): void {
  console.error(message);
  process.once("exit", () => {
    process.exitCode = 1;
  });
}

function activeHandles(): string[] {
  if (process.report === undefined) return [];
  const { libuv } = process.report.getReport() as { libuv?: readonly Record<string, unknown>[] };
  return (libuv ?? [])
    .filter((handle) => handle.is_active === true && handle.is_referenced === true)
    .map((handle) => `handle ${JSON.stringify(handle)}`);
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}

function ignore(): void {}
