import * as fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemCode } from "./store-error.ts";

const unlink = promisify(fs.unlink);
const rmdir = promisify(fs.rmdir);

/**
 * Deletes a folder or file and all below it, following no links. Nothing there: nothing to do. Looking is quick and done
 * at once; deleting is left to the thread pool, since it takes 1 ms for every 6 MiB, and waits for a journal that is
 * being committed (on ext4: up to 5 ms for one small file while others sync theirs).
 */
export async function deleteTree(path: string): Promise<void> {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) await deleteEntry(path, stat.isDirectory());
}

async function deleteEntry(path: string, isFolder: boolean): Promise<void> {
  try {
    if (isFolder) await deleteFolder(path);
    else await unlink(path);
  } catch (error) {
    // Someone else was faster.
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

async function deleteFolder(path: string): Promise<void> {
  const entries = fs.readdirSync(path, { withFileTypes: true });
  await Promise.all(entries.map((entry) => deleteEntry(join(path, entry.name), entry.isDirectory())));
  await rmdir(path);
}
