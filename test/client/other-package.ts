import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface OtherPackage {
  readonly version: string;
  /** The only version of the API that it speaks. Absent: this package's. */
  readonly apiVersion?: number;
}

/** Makes a copy of this package that is of another version, as after an upgrade; gives its host's program. */
export function makeOtherPackage(folder: string, { version, apiVersion }: OtherPackage): URL {
  const root = join(folder, `package-${version}`);
  mkdirSync(root);
  cpSync(join(ROOT, "src"), join(root, "src"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ ...manifest, version }));
  if (apiVersion !== undefined) setApiVersion(join(root, "src/api/api-version.ts"), apiVersion);
  return pathToFileURL(join(root, "src/host/main.ts"));
}

function setApiVersion(path: string, version: number): void {
  const text = readFileSync(path, "utf8");
  const changed = text.replaceAll(/(export const (?:OLDEST_)?API_VERSION = )\d+/g, `$1${version}`);
  if (changed === text) throw new Error(`${path} names no version`);
  writeFileSync(path, changed);
}
