import { build } from "./build.mjs";
import { developmentEnv, developmentNode, root } from "./dev-node.mjs";
import { setUp } from "./setup.mjs";
import { run, runMain, step } from "./step.mjs";

await runMain(main);

/** npm run bench: sets everything up and builds, then measures and prints medians and ratios. */
async function main() {
  await setUp();
  const node = await developmentNode();
  await step("build", build);
  for (const part of ["calls", "output"]) {
    await step(part, () => run(node, [`bench/${part}.ts`], { cwd: root, env: developmentEnv() }));
  }
}
