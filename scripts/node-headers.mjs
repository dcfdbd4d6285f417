import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { root } from "./dev-node.mjs";
import { systemPath } from "./program-path.mjs";
import { capture } from "./step.mjs";

/** What node-gyp needs to compile without asking nodejs.org; node-pty uses only this stable part of Node. */
const HEADER = "include/node/node_api.h";

/**
 * The variables with which npm compiles add-ons against headers that are on this machine: those that came with the
 * development Node, or those of a Node on the PATH. Empty: npm is told already, or there are none.
 */
export async function headersEnv() {
  const { output } = await capture("npm", ["config", "get", "nodedir"], { cwd: root });
  const configured = output.trim().split("\n").at(-1);
  if (configured !== "undefined" && configured !== "") return {};
  const ownPackage = join(root, `node_modules/node/node_modules/node-${process.platform}-${process.arch}`);
  const folder = [ownPackage, ...nodePrefixes()].find((prefix) => existsSync(join(prefix, HEADER)));
  return folder === undefined ? {} : { npm_config_nodedir: folder };
}

function nodePrefixes() {
  return systemPath()
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .filter((program) => existsSync(program))
    .map((program) => dirname(dirname(realpathSync(program))));
}
