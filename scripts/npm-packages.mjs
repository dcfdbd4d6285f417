import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { developmentEnv, developmentNode, isOwnNodeThere, root } from "./dev-node.mjs";
import { headersEnv } from "./node-headers.mjs";
import { capture, run, say } from "./step.mjs";

/** Enough of a failed compilation to see why. */
const SHOWN_LINES = 15;

/**
 * Installs exactly what package-lock.json says, unless it is there; then makes the two packages that need more than
 * unpacking: the development Node and node-pty. Without node-pty only TTY sessions fail, so that is said, not thrown.
 */
export async function installNpmPackages() {
  if (await isInstalled()) {
    say("node_modules agrees with package-lock.json");
  } else {
    say("npm ci");
    const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--loglevel=error"];
    await run("npm", args, { cwd: root });
  }
  if (!(await isOwnNodeThere())) await rebuild("node");
  const node = await developmentNode();
  say(`Node.js ${(await capture(node, ["--version"])).output.trim()} (${node})`);
  await buildNodePty(node);
}

/** Whether npm's own note of what it installed has every package of the lock file that this platform takes. */
async function isInstalled() {
  const note = join(root, "node_modules/.package-lock.json");
  if (!existsSync(note) || !existsSync(join(root, "node_modules/node-pty"))) return false;
  const wanted = await lockedPackages(join(root, "package-lock.json"));
  const there = await lockedPackages(note);
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const found = there[path];
    return path === "" || (found === undefined ? optional === true : found.version === version);
  });
}

async function lockedPackages(file) {
  return JSON.parse(await readFile(file, "utf8")).packages;
}

async function buildNodePty(node) {
  if (await isLoadable("node-pty", node)) return;
  say("compiling node-pty");
  const output = await rebuild("node-pty");
  if (await isLoadable("node-pty", node)) return;
  say("node-pty could not be compiled, so TTY suites are skipped (with CI=true they fail):");
  for (const line of output.trimEnd().split("\n").slice(-SHOWN_LINES)) say(`| ${line}`);
}

async function isLoadable(name, node) {
  return (await capture(node, ["-e", `require(${JSON.stringify(name)})`], { cwd: root })).code === 0;
}

async function rebuild(name) {
  const env = { ...developmentEnv(), ...(await headersEnv()) };
  // In the foreground, so that npm gives the output of a failing script.
  const { output } = await capture("npm", ["rebuild", name, "--foreground-scripts"], { cwd: root, env });
  return output;
}
