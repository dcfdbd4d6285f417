import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { PACKING_MS, PackedPackage, repository } from "./packed-package.ts";

const DOCUMENTS = [
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "ARCHITECTURE.md",
  "docs/errors.md",
  "docs/openapi.json",
  "docs/api.md",
  "docs/session-host.md",
  "docs/compose.yaml",
  "docs/systemd/exec-sessions-host.service",
  "docs/systemd/nodered.service.d/exec-sessions.conf",
];
const ALLOWED = /^(dist|docs|examples)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|ARCHITECTURE\.md)$/;
/** Compiled code and its types, and what the editor loads. */
const ALLOWED_BUILT = /\.(js|d\.ts|html|json|svg)$/;
const SECRET = /-----BEGIN [A-Z ]*PRIVATE KEY-----|_authToken|npm_[A-Za-z0-9]{36}/;
/** Far above what it is; a stray file of tests or of node_modules would pass it. */
const MAX_TARBALL_BYTES = 1_000_000;

describe("the packed package", function () {
  this.timeout(PACKING_MS);
  let packed: PackedPackage | undefined;
  let folder = "";
  let files: readonly string[] = [];

  before(async () => {
    packed = await PackedPackage.pack();
    folder = await packed.unpack();
    files = await filesBelow(folder);
  });
  after(async () => await packed?.remove());

  it("has the built code of every source file, and its types", async () => {
    const sources = (await filesBelow(repository, ["src", "nodes"])).filter((file) => file.endsWith(".ts"));
    const built = sources.map((file) => join("dist", file.replace(/\.ts$/, "")));
    assert.ok(built.length > 0);
    assert.deepEqual(missing(built.flatMap((file) => [`${file}.js`, `${file}.d.ts`])), []);
  });

  it("has each of its programs in one file, which loads nothing but Node.js at its start", async () => {
    for (const program of ["dist/src/host/main.js", "dist/src/cli/main.js"]) {
      const text = await readFile(join(folder, program), "utf8");
      const imported = Array.from(text.matchAll(/\b(?:from|import)"([^"]+)"/g), ([, name = ""]) => name);
      assert.ok(imported.length > 0);
      assert.deepEqual(
        imported.filter((name) => !isBuiltin(name)),
        [],
      );
    }
  });

  it("has every edit dialog, icon and locale where Node-RED looks for them", async () => {
    const editorFiles = (await filesBelow(repository, ["nodes"])).filter((file) => !file.endsWith(".ts"));
    const icons = await filesBelow(repository, ["icons"]);
    assert.deepEqual(missing([...editorFiles, ...icons.map((icon) => join("nodes", icon))].map(inDist)), []);
  });

  it("has the examples, and the papers", async () => {
    assert.deepEqual(missing([...(await filesBelow(repository, ["examples"])), ...DOCUMENTS]), []);
  });

  it("has nothing else: no tests, no sources, no scripts", () => {
    assert.deepEqual(
      files.filter((file) => !ALLOWED.test(file) || (file.startsWith("dist/") && !ALLOWED_BUILT.test(file))),
      [],
    );
  });

  it("names no folder of the machine it was packed on, and no secret", async () => {
    for (const file of files) {
      const text = await readFile(join(folder, file), "utf8");
      assert.ok(!text.includes(repository), `${file} names ${repository}`);
      assert.doesNotMatch(text, SECRET, file);
    }
  });

  it("is small", async () => {
    assert.ok(packed);
    assert.ok((await stat(packed.tarball)).size < MAX_TARBALL_BYTES);
  });

  it("needs at most six packages, and the Node and Node-RED that are tested", async () => {
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    assert.ok(dependencies.length <= 6, dependencies.join(", "));
    assert.equal(manifest.engines.node, ">=22.9");
    assert.equal(manifest["node-red"].version, ">=4.1.0");
    assert.ok(manifest.keywords.includes("node-red"));
  });

  function missing(wanted: readonly string[]): readonly string[] {
    return wanted.filter((file) => !files.includes(file));
  }
});

function inDist(file: string): string {
  return join("dist", file);
}

async function filesBelow(root: string, folders: readonly string[] = ["."]): Promise<string[]> {
  const lists = folders.map(async (folder) => {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  });
  return (await Promise.all(lists)).flat();
}
