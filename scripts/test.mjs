import { developmentEnv, developmentNode, root } from "./dev-node.mjs";
import { passSignalsOn } from "./pass-signals.mjs";
import { setUp } from "./setup.mjs";
import { printFailure, runMain, runToEnd } from "./step.mjs";
import { Tally } from "./tally.mjs";

await runMain(main);

/**
 * npm test: sets everything up, then runs all checks and suites with the Node that the set-up brought. This file and
 * what it imports run on Node 20 before anything is installed. Arguments: the test files or folders to run; none: all.
 */
async function main() {
  const node = await readyNode();
  if (node === undefined) return 1;
  const args = ["scripts/run-tests.mjs", ...process.argv.slice(2)];
  const { code } = await runToEnd(node, args, { cwd: root, env: developmentEnv() }, passSignalsOn);
  return code ?? 1;
}

async function readyNode() {
  try {
    await setUp();
    return await developmentNode();
  } catch (error) {
    printFailure(error);
    const tally = new Tally();
    tally.add("set-up", { failed: ["was not completed"] });
    tally.print();
    return undefined;
  }
}
