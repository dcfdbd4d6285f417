import { readFileSync } from "node:fs";

/**
 * Why this Node.js is too old for the package; undefined if it is not. This file may import nothing that an old Node.js
 * would fail to load.
 */
export function nodeComplaint(version: string = process.versions.node): string | undefined {
  const minimum = readMinimum();
  if (!isOlder(version, minimum)) return undefined;
  return `exec-sessions needs Node.js ${minimum} or newer; this is ${version} (${process.execPath}).`;
}

/** As seen from the sources, and from the built package. */
const PACKAGE_FILES = ["../../package.json", "../../../package.json"];

/** What package.json says under `engines`, which is where npm looks, too. */
function readMinimum(): string {
  for (const path of PACKAGE_FILES) {
    const [, minimum] = /"node": *">=([\d.]+)"/.exec(readIfThere(new URL(path, import.meta.url))) ?? [];
    if (minimum !== undefined) return minimum;
  }
  throw new Error("the package.json of exec-sessions is not where it belongs");
}

function readIfThere(file: URL): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function isOlder(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = minimum.split(".").map(Number);
  return major === leastMajor ? minor < leastMinor : major < leastMajor;
}
