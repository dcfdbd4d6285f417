import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findMounts } from "../test/support/leftovers.ts";
import { findOwnProcesses } from "../test/support/own-processes.ts";
import { developmentEnv, root } from "./dev-node.mjs";
import { capture, runToEnd } from "./step.mjs";

/** Longer than any file takes; what is still not done then hangs. */
const FILE_LIMIT_MS = 10 * 60_000;

const mocha = join(root, "node_modules/mocha/bin/mocha.js");
const reporter = join(root, "scripts/counting-reporter.mjs");

/**
 * Runs one test file in a mocha process, in a process group and a temporary folder of its own. Resolves with the titles
 * of what failed and was skipped and the number of what passed; a crash, a run without a test, a run that does not end
 * and anything left in the folder each count as a failure of their own. `stdio` absent: mocha's report is shown.
 */
export async function runTestFile(file, stdio = ["ignore", "inherit", "inherit"]) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "es-")));
  const results = realpathSync(mkdtempSync(join(tmpdir(), "es-")));
  try {
    const output = join(results, "results.json");
    const args = [mocha, "--forbid-only", ...reportTo(output), file];
    const env = { ...developmentEnv(), TMPDIR: folder };
    const ended = await runInOwnGroup(process.execPath, args, { cwd: root, env, stdio });
    return judge({ ended, counts: readCounts(output), left: await sweep(folder) });
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

/** Mocha takes CI=true for a terminal that shows colours. */
function reportTo(output) {
  const colours = process.stdout.isTTY ? [] : ["--no-color"];
  return ["--reporter", reporter, "--reporter-option", `output=${output}`, ...colours];
}

function judge({ ended, counts, left }) {
  const { passed = 0, failed = [], skipped = [] } = counts ?? {};
  const faults = left.map((path) => `left ${path} behind`);
  if (ended.isOverdue) faults.push(`did not end within ${FILE_LIMIT_MS / 60_000} minutes`);
  else if (counts === undefined) faults.push(`crashed with ${ended.signal ?? `exit code ${ended.code}`}`);
  else if (ended.code !== 0 && failed.length === 0)
    faults.push(`did not end cleanly (${ended.signal ?? ended.code})`);
  else if (passed + failed.length + skipped.length === 0) faults.push("ran no test");
  return { passed, failed: [...failed, ...faults], skipped };
}

async function runInOwnGroup(command, args, options) {
  let isOverdue = false;
  const watch = { end: () => {} };
  const ended = await runToEnd(command, args, { ...options, detached: true }, (child) => {
    const limit = setTimeout(() => {
      isOverdue = true;
      signalGroup(child, "SIGKILL");
    }, FILE_LIMIT_MS);
    const passOn = (signal) => signalGroup(child, signal);
    process.on("SIGINT", passOn).on("SIGTERM", passOn);
    watch.end = () => {
      clearTimeout(limit);
      process.off("SIGINT", passOn).off("SIGTERM", passOn);
    };
  });
  watch.end();
  return { ...ended, isOverdue };
}

/** The group may be gone already; then there is nothing to signal. */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

function readCounts(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** Removes the folder with everything that still hangs on it, and names what that was. */
async function sweep(folder) {
  const left = readdirSync(folder).map((name) => join(folder, name));
  for (const own of [folder, ...left]) {
    for (const { pid } of findOwnProcesses(own)) process.kill(pid, "SIGKILL");
    for (const mount of findMounts(own)) await capture("umount", ["--lazy", mount]);
  }
  rmSync(folder, { recursive: true, force: true });
  return left;
}
