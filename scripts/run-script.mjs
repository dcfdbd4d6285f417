import { developmentEnv, developmentNode, root } from "./dev-node.mjs";
import { passSignalsOn } from "./pass-signals.mjs";
import { runToEnd } from "./step.mjs";

/** Runs a program of this repository with the Node.js that the set-up brought, to the end; resolves with its exit code. */
export async function runScript(script) {
  const { code } = await runToEnd(
    await developmentNode(),
    [script, ...process.argv.slice(2)],
    { cwd: root, env: developmentEnv() },
    passSignalsOn,
  );
  return code ?? 1;
}
