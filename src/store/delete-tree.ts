import * as fs from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "./store-error.ts";

/**
 * Unlinking a file costs about 1 ms for every 6 MiB of it (ext4), so larger ones are left to the thread pool; for the
 * small ones, which most sessions have only, the way there and back costs four times the call.
 */
const MAX_INLINE_BYTES = 256 * 1024;

/** Deletes a folder or file and all below it, following no links. Nothing there: nothing to do. */
export async function deleteTree(path: string): Promise<void> {
  try {
    await deleteEntry(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

async function deleteEntry(path: string): Promise<void> {
  const stat = fs.lstatSync(path);
  if (stat.isDirectory()) {
    for (const name of fs.readdirSync(path)) await deleteTree(join(path, name));
    fs.rmdirSync(path);
  } else if (stat.size <= MAX_INLINE_BYTES) {
    fs.unlinkSync(path);
  } else {
    await unlink(path);
  }
}
