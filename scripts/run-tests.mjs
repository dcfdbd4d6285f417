import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { build } from "./build.mjs";
import { developmentEnv, root } from "./dev-node.mjs";
import { runTestFile } from "./run-test-file.mjs";
import { printFailure, run, runMain, StepFailed, step } from "./step.mjs";
import { Tally } from "./tally.mjs";

const TEST_FILE = /\.test\.ts$/;

await runMain(main);

/**
 * Builds, checks and tests. Each test file gets a process of its own: embedded Node-RED is one to a process, and what a
 * suite leaves behind is then certainly its own. Prints the counts as its last line.
 */
async function main() {
  const paths = process.argv.slice(2);
  const tally = new Tally();
  let files;
  try {
    files = paths.length === 0 ? await testFilesBelow(join(root, "test")) : await selectFiles(paths);
  } catch (error) {
    printFailure(error);
    tally.add("arguments", { failed: [error.message] });
  }
  await check(tally, "build", build);
  if (paths.length === 0) {
    await check(tally, "lint", () =>
      run("biome", ["check", "--error-on-warnings"], { cwd: root, env: developmentEnv() }),
    );
    await check(tally, "types", () => run("tsc", ["--noEmit"], { cwd: root, env: developmentEnv() }));
  }
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (isInterrupted = true));
  for (const [index, file] of (files ?? []).entries()) {
    if (isInterrupted) {
      tally.add("run", { failed: [`was interrupted with ${files.length - index} test files to go`] });
      break;
    }
    const name = relative(root, file);
    await check(tally, `${name} (${index + 1} of ${files.length})`, async () =>
      tally.add(name, await runTestFile(file)),
    );
  }
  tally.print();
  return tally.isGood ? 0 : 1;
}

/** A step of which the failure counts as one failed test and holds nothing else up. */
async function check(tally, name, action) {
  try {
    await step(name, action);
  } catch (error) {
    printFailure(error);
    tally.add(name, { failed: [error instanceof StepFailed ? error.message : String(error)] });
  }
}

async function selectFiles(paths) {
  const files = [];
  for (const path of paths) {
    const full = join(root, path);
    if (!existsSync(full))
      throw new StepFailed(`There is no ${path}; name test files or folders below test/.`);
    files.push(...(statSync(full).isDirectory() ? await testFilesBelow(full) : [full]));
  }
  return files;
}

async function testFilesBelow(folder) {
  const paths = await readdir(folder, { recursive: true });
  return paths
    .filter((path) => TEST_FILE.test(path))
    .sort()
    .map((path) => join(folder, path));
}
