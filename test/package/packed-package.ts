import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
// Through a variable, because the scripts are plain JavaScript and have no types.
const headersUrl = new URL("../../scripts/node-headers.mjs", import.meta.url).href;

export const PACKAGE_NAME = "@exec-sessions/node-red";
export const repository = fileURLToPath(new URL("../..", import.meta.url));
/** Packing builds, installing compiles node-pty and asks the registry. */
export const PACKING_MS = 300_000;

/** The package as npm publishes it, in a folder of its own. */
export class PackedPackage {
  readonly #folder: string;
  readonly tarball: string;

  private constructor(folder: string, tarball: string) {
    this.#folder = folder;
    this.tarball = tarball;
  }

  static async pack(): Promise<PackedPackage> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "packed-")));
    try {
      await runNpm(repository, "pack", "--pack-destination", folder);
      const [name = "", ...others] = await readdir(folder);
      assert.ok(name.endsWith(".tgz") && others.length === 0, "npm pack makes one file");
      return new PackedPackage(folder, join(folder, name));
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  /** Unpacks the tarball and gives the folder. */
  async unpack(): Promise<string> {
    await execute("tar", ["-xzf", this.tarball, "-C", this.#folder]);
    return join(this.#folder, "package");
  }

  /** Makes a Node-RED user directory and installs the tarball there, as a user does. */
  async install(): Promise<string> {
    const userDir = join(this.#folder, "user-dir");
    await mkdir(userDir);
    await writeFile(
      join(userDir, "package.json"),
      JSON.stringify({ name: "node-red-project", private: true }),
    );
    await runNpm(
      userDir,
      "install",
      this.tarball,
      "--omit=dev",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
    );
    return userDir;
  }

  /** A copy of an installed user directory, so that each Node-RED begins with a fresh one. */
  async copyOf(userDir: string, name: string): Promise<string> {
    const copy = join(this.#folder, name);
    await cp(userDir, copy, { recursive: true, verbatimSymlinks: true });
    return copy;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

async function runNpm(cwd: string, ...args: readonly string[]): Promise<void> {
  const { headersEnv } = (await import(headersUrl)) as { headersEnv(): Promise<Record<string, string>> };
  const env = { ...process.env, ...(await headersEnv()) };
  try {
    await execute("npm", args, { cwd, env });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
