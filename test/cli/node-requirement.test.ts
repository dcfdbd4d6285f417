import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { nodeComplaint } from "../../src/cli/node-requirement.ts";
import { commandLine } from "./command-line.ts";

const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const MINIMUM = engines.node.replace(">=", "");
/** Makes any Node.js an old one that fails on every dependency. */
const OLD = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });
  registerHooks({ resolve: (name, context, next) => {
    const found = next(name, context);
    if (found.url.includes("/node_modules/")) throw new TypeError(name + " has been loaded");
    return found;
  } });
`)}`;

describe("the Node.js that exec-sessions needs", () => {
  it("is the one of package.json", () => {
    const [major, minor] = MINIMUM.split(".").map(Number);
    for (const old of [`${major}.${minor - 1}.99`, `${major - 1}.99.0`, "9.9.9"]) {
      assert.equal(
        nodeComplaint(old),
        `exec-sessions needs Node.js ${MINIMUM} or newer; this is ${old} (${process.execPath}).`,
      );
    }
    for (const good of [`${major}.${minor}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`, "100.0.0"]) {
      assert.equal(nodeComplaint(good), undefined, good);
    }
  });

  it("is named to whoever has an older one, before any dependency is loaded", () => {
    const [node = "", ...args] = commandLine(["ls"]);
    const { status, stdout, stderr } = spawnSync(node, ["--import", OLD, ...args], { encoding: "utf8" });
    assert.match(stderr, /^exec-sessions needs Node\.js \S+ or newer; this is 20\.20\.2 \(.*\)\.\n$/);
    assert.deepEqual([status, stdout], [125, ""]);
  });
});
