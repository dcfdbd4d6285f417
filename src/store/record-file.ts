import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "./make-folder.ts";
import { systemCode } from "./store-error.ts";

/** The record of a session, in its bundle. */
export const RECORD_FILE = "session.json";
/** A record being written. A bundle has one writer, so one name is enough, and a crash leaves at most one. */
export const TEMPORARY_FILE = "session.json.tmp";

const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);

/**
 * Replaces the record of a bundle, whole or not at all. Synchronous, because the page cache takes it at once: 0.1 ms,
 * against 0.4 ms through the thread pool (medians on ext4).
 */
export function writeRecord(bundle: string, text: string): void {
  try {
    inBundle(bundle, (path) => fs.writeFileSync(path, text, { mode: 0o600 }));
  } catch (error) {
    discardTemporary(bundle);
    throw error;
  }
  publish(bundle);
}

/**
 * The same for a record that must survive a power cut: once it resolves, the record's bytes, its name and the name of
 * its bundle are on the disk (0.7 ms on the same machine). Only the thread pool waits for the disk.
 */
export async function writeRecordDurably(bundle: string, text: string): Promise<void> {
  const file = writeTemporary(bundle, text);
  try {
    await Promise.all([fdatasync(file), syncFolder(dirname(bundle))]);
  } catch (error) {
    discardTemporary(bundle);
    throw error;
  } finally {
    fs.closeSync(file);
  }
  publish(bundle);
  await syncFolder(bundle);
}

/** Gives the open file, since a durable write has to sync it. */
function writeTemporary(bundle: string, text: string): number {
  const file = inBundle(bundle, (path) => fs.openSync(path, "w", 0o600));
  try {
    fs.writeFileSync(file, text);
    return file;
  } catch (error) {
    fs.closeSync(file);
    discardTemporary(bundle);
    throw error;
  }
}

/** Makes the bundle anew if someone has deleted it: its session still lives, and its record belongs there. */
function inBundle<T>(bundle: string, make: (path: string) => T): T {
  const path = join(bundle, TEMPORARY_FILE);
  try {
    return make(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    makeFolder(bundle);
    return make(path);
  }
}

function publish(bundle: string): void {
  try {
    fs.renameSync(join(bundle, TEMPORARY_FILE), join(bundle, RECORD_FILE));
  } catch (error) {
    discardTemporary(bundle);
    throw error;
  }
}

/** Best effort, while the true error is on its way: a temporary file that stays is overwritten by the next write. */
function discardTemporary(bundle: string): void {
  try {
    fs.unlinkSync(join(bundle, TEMPORARY_FILE));
  } catch {}
}

async function syncFolder(path: string): Promise<void> {
  const folder = fs.openSync(path, "r");
  try {
    await fsync(folder);
  } catch (error) {
    // Some network and FUSE file systems sync files only; there is no more that could be done.
    if (!UNSUPPORTED.has(systemCode(error))) throw error;
  } finally {
    fs.closeSync(folder);
  }
}

const UNSUPPORTED = new Set<string | undefined>(["EINVAL", "ENOTSUP", "EOPNOTSUPP"]);
