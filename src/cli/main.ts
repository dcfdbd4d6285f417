#!/usr/bin/env node
import { FAILURE_EXIT_CODE } from "./failure-exit-code.ts";
import { nodeComplaint } from "./node-requirement.ts";

/** The command `exec-sessions`. All else is imported only now, because an old Node.js fails on what it depends on. */
const complaint = nodeComplaint();
if (complaint !== undefined) {
  process.stderr.write(`${complaint}\n`);
  process.exit(FAILURE_EXIT_CODE);
}
const { runCommandLine } = await import("./run-command-line.ts");
process.exit(await runCommandLine(process.argv.slice(2)));
