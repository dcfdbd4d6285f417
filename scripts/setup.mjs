import { fileURLToPath } from "node:url";
import { installNpmPackages } from "./npm-packages.mjs";
import { runMain, step } from "./step.mjs";
import { installSystemPackages } from "./system-packages.mjs";

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(setUp);

/** Makes a fresh clone ready: what it needs of the machine, then what it needs of npm. `systemPackages` absent: all. */
export async function setUp({ systemPackages } = {}) {
  await step("system packages", () => installSystemPackages({ only: systemPackages }));
  await step("npm packages", installNpmPackages);
}
