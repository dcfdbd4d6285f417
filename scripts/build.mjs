import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run, runMain, StepFailed, say, step } from "./step.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const cache = join(root, ".cache");

/** Programs that are started for their own sake, often, or stay for weeks. */
const PROGRAMS = ["src/host/main.js", "src/cli/main.js"];
/** Packages that a program loads when it needs them, if ever. */
const LOADED_LATE = ["execa", "node-pty"];
/** For packages of the older kind. */
const REQUIRE = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runMain(() => step("build", build));
}

/**
 * Makes dist/ anew: the compiled code, and beside the nodes what Node-RED looks for there. The old dist/ stays in place
 * until the new one is whole, so whoever runs from it meanwhile never sees half a build.
 */
export async function build() {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "build-"));
  const next = join(work, "dist");
  try {
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    await run(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", next], { cwd: root });
    await bundlePrograms(next);
    await copyEditorFiles(next);
    await assertAllBuilt(next);
    if (existsSync(dist)) await rename(dist, join(work, "old"));
    await rename(next, dist);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  say(`${(await filesBelow(dist)).length} files in dist/`);
}

/**
 * Makes each program one file, with the packages that it loads at once. Node.js starts one file in half the time that some
 * 300 take, and a session host that is idle has 12 MiB less in memory.
 */
async function bundlePrograms(out) {
  // Not there before the set-up.
  const esbuild = await import("esbuild");
  await esbuild.build({
    entryPoints: PROGRAMS.map((program) => join(out, program)),
    outdir: out,
    outbase: out,
    allowOverwrite: true,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    external: LOADED_LATE,
    banner: { js: REQUIRE },
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "warning",
  });
}

async function copyEditorFiles(out) {
  for (const file of await filesBelow(join(root, "nodes"))) {
    if (/\.ts$/.test(file)) continue;
    if (!/\.html$|^locales\//.test(file)) {
      throw new StepFailed(
        `nodes/${file} is neither code, nor an edit dialog, nor below locales/; the build would lose it.`,
      );
    }
    await cp(join(root, "nodes", file), join(out, "nodes", file));
  }
  for (const file of await filesBelow(join(root, "icons"))) {
    await cp(join(root, "icons", file), join(out, "nodes/icons", file));
  }
}

/** What package.json promises has to be there: every node's code and edit dialog, and every program. */
async function assertAllBuilt(out) {
  const { bin, "node-red": nodeRed } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const nodes = Object.values(nodeRed.nodes).flatMap((entry) => [entry, entry.replace(/\.js$/, ".html")]);
  for (const file of [...nodes, ...Object.values(bin ?? {})]) {
    if (!existsSync(join(out, relative("dist", file)))) {
      throw new StepFailed(`package.json needs ${file}, but the build made no such file.`);
    }
  }
}

/** Paths of all files below a folder, relative to it. */
async function filesBelow(folder) {
  const files = [];
  for (const path of await readdir(folder, { recursive: true })) {
    if ((await stat(join(folder, path))).isFile()) files.push(path);
  }
  return files;
}
