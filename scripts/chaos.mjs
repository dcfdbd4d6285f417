import { build } from "./build.mjs";
import { runScript } from "./run-script.mjs";
import { setUp } from "./setup.mjs";
import { runMain, step } from "./step.mjs";

await runMain(main);

/** npm run chaos: sets everything up and builds, then kills real processes at random moments; docs/chaos.md tells why and how. */
async function main() {
  await setUp({ systemPackages: ["crun", "runc", "busybox-static", "python3", "make", "g++"] });
  await step("build", build);
  return runScript("test/chaos/run-chaos.ts");
}
