import { runScript } from "./run-script.mjs";
import { setUp } from "./setup.mjs";
import { printFailure, runMain } from "./step.mjs";
import { Tally } from "./tally.mjs";

await runMain(main);

/**
 * npm test: sets everything up, then runs all checks and suites with the Node that the set-up brought. This file and
 * what it imports run on Node 20 before anything is installed. Arguments: the test files or folders to run; none: all.
 */
async function main() {
  if (!(await isReady())) return 1;
  return runScript("scripts/run-tests.mjs");
}

async function isReady() {
  try {
    await setUp();
    return true;
  } catch (error) {
    printFailure(error);
    const tally = new Tally();
    tally.add("set-up", { failed: ["was not completed"] });
    tally.print();
    return false;
  }
}
