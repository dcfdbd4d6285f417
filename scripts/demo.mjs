import { build } from "./build.mjs";
import { findProgram } from "./program-path.mjs";
import { runScript } from "./run-script.mjs";
import { setUp } from "./setup.mjs";
import { runMain, step } from "./step.mjs";

await runMain(main);

/**
 * npm run demo: sets everything up, builds, and runs the example in a real Node-RED. With `--once` it ends after the job;
 * otherwise the editor stays open until Ctrl-C. This file and what it imports run on Node 20 before anything is installed.
 */
async function main() {
  await setUp({ systemPackages: neededPackages() });
  await step("build", build);
  return runScript("scripts/run-demo.ts");
}

/** One OCI runtime is enough, and any; the compilers are for node-pty, which the job in a terminal needs. */
function neededPackages() {
  const runtimes = ["crun", "runc"].some((program) => findProgram(program) !== undefined)
    ? []
    : ["crun", "busybox-static"];
  return [...runtimes, "python3", "make", "g++"];
}
