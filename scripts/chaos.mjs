import { build } from "./build.mjs";
import { developmentEnv, developmentNode, root } from "./dev-node.mjs";
import { passSignalsOn } from "./pass-signals.mjs";
import { setUp } from "./setup.mjs";
import { runMain, runToEnd, step } from "./step.mjs";

await runMain(main);

const SYSTEM_PACKAGES = ["crun", "runc", "busybox-static", "python3", "make", "g++"];

/** npm run chaos: sets everything up and builds, then kills real processes at random moments; docs/chaos.md tells why and how. */
async function main() {
  await setUp({ systemPackages: SYSTEM_PACKAGES });
  await step("build", build);
  const args = ["test/chaos/run-chaos.ts", ...process.argv.slice(2)];
  const { code } = await runToEnd(
    await developmentNode(),
    args,
    { cwd: root, env: developmentEnv() },
    passSignalsOn,
  );
  return code ?? 1;
}
