import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemPath } from "./program-path.mjs";
import { capture, StepFailed } from "./step.mjs";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const bin = join(root, "node_modules/.bin");
const ownNode = join(root, "node_modules/node/bin/node");

/** From here on Node runs TypeScript files by itself. */
const FIRST_VERSION_WITH_TYPES = [22, 18];

/** Whether the install brought its own Node, and it runs. */
export async function isOwnNodeThere() {
  return existsSync(ownNode) && (await capture(ownNode, ["--version"])).code === 0;
}

/**
 * The Node that everything runs with once the packages are installed: the install's own one, or the running one where
 * that does not exist for this platform. Throws StepFailed if neither can do it.
 */
export async function developmentNode() {
  if (await isOwnNodeThere()) return ownNode;
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [leastMajor, leastMinor] = FIRST_VERSION_WITH_TYPES;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return process.execPath;
  throw new StepFailed(
    `The package "node" brought no Node.js for this machine, and the running one (${process.version}) is older than ` +
      `${leastMajor}.${leastMinor}. Install a newer one, or see why npm's install script of "node" did not run.`,
  );
}

/** The environment in which `node` and the installed programs are found by name. */
export function developmentEnv() {
  return { ...process.env, PATH: [bin, systemPath()].join(delimiter) };
}
