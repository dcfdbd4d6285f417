import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "./store-error.ts";

/**
 * Makes a folder for this user alone, and whatever is missing on the way to it; one that is there stays as it is.
 * Node's own recursive mkdir never returns where the system refuses a new folder with ENOENT, as in /proc.
 */
export function makeFolder(path: string): void {
  if (makeOne(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** False: the folder above is missing. */
function makeOne(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT" && dirname(path) !== path) return false;
    if (systemCode(error) === "EEXIST" && statSync(path).isDirectory()) return true;
    throw error;
  }
}
