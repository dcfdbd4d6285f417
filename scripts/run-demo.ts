import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runMainJob, runTerminalJob } from "./demo-job.ts";
import { choosePlace, type DemoPlace } from "./demo-place.ts";
import { FlowWatch } from "./flow-watch.ts";
import { type FlowNode, findFreePort, type NodeRedProcess, startNodeRed } from "./node-red-process.ts";
import { printSight } from "./print-sight.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const EXAMPLE = join(root, "examples/01 - Five nodes.json");
const PACKAGE = "@exec-sessions/node-red";
/** Where people expect Node-RED. */
const USUAL_PORT = 1880;

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());
process.once("uncaughtException", (error) => {
  complain(error);
  interrupted.abort();
});
const cleanups: (() => Promise<unknown>)[] = [];
try {
  await main(process.argv.includes("--once"));
} catch (error) {
  if (!interrupted.signal.aborted) console.error(error);
  process.exitCode = 1;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup().catch(complain);
  console.log("\nNode-RED has ended; its folder and what else the demo made are gone.");
}

/** The example in a real Node-RED, in a real container where there can be one. Without `isOnce` the editor then stays open. */
async function main(isOnce: boolean): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "exec-sessions-demo-")));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const place = await choosePlace(folder);
  cleanups.push(() => place.remove());
  console.log(`\n== the main job\n   ${place.sentence}`);
  const nodeRed = await startNodeRed({
    packageName: "node-red",
    userDir: await makeUserDir(folder),
    port: await findFreePort(USUAL_PORT),
  });
  cleanups.push(() => nodeRed.stop());
  console.log(`   Node-RED ${/Node-RED version: (v[\d.]+)/.exec(nodeRed.log)?.[1]} at ${nodeRed.url}`);
  await runJobs(nodeRed, place);
  console.log("\nEverything that the flow had to show was seen.");
  if (isOnce || interrupted.signal.aborted) return;
  console.log(`\nThe editor is open at ${nodeRed.url} (only from this machine). Ctrl-C ends it.`);
  await Promise.race([nodeRed.exited, aborted(interrupted.signal)]);
}

async function runJobs(nodeRed: NodeRedProcess, place: DemoPlace): Promise<void> {
  const flow = await readExample(place);
  const watch = new FlowWatch(flow, printSight);
  const { signal } = interrupted;
  await nodeRed.listen((message) => watch.take(message), signal);
  await nodeRed.deploy(flow);
  const job = { nodeRed, flow, watch, signal, say: (sentence: string) => console.log(`   ${sentence}`) };
  await runMainJob(job);
  console.log("\n== the same in a terminal, resized and stopped");
  if (isTerminalThere()) await runTerminalJob(job);
  else console.log("   left out, because the optional package node-pty is not installed");
}

/** The example's flow, with its container configuration pointing to the place. */
async function readExample({ runtime, runtimeRoot, container }: DemoPlace): Promise<readonly FlowNode[]> {
  const flow: readonly FlowNode[] = JSON.parse(await readFile(EXAMPLE, "utf8"));
  return flow.map((node) =>
    node.type === "exec-container" ? { ...node, runtime, runtimeRoot, container } : node,
  );
}

/** A user directory in which this package is installed as npm link does it. */
async function makeUserDir(folder: string): Promise<string> {
  const userDir = join(folder, "node-red");
  const link = join(userDir, "node_modules", PACKAGE);
  await mkdir(dirname(link), { recursive: true });
  await symlink(root, link);
  await writeFile(
    join(userDir, "package.json"),
    JSON.stringify({ dependencies: { [PACKAGE]: `file:${root}` } }),
  );
  return userDir;
}

function isTerminalThere(): boolean {
  try {
    createRequire(import.meta.url)("node-pty");
    return true;
  } catch {
    return false;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function complain(error: unknown): void {
  console.error(error);
  process.exitCode = 1;
}
