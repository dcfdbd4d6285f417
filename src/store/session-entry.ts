import { constants, type Dirent, existsSync, readdirSync, unlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { RECORD_FILE, TEMPORARY_FILE } from "./record-file.ts";
import { type ParsedRecord, parseRecord } from "./session-record.ts";
import { systemCode, systemReason } from "./store-error.ts";

/** What an entry of `sessions/` turned out to be. */
export type SessionEntry =
  | ParsedRecord
  /** What a create that never succeeded, or a remove, left when its process died. */
  | { readonly kind: "leftover" };

/** A session on its way out: no name that an id could have, and short enough beside any of them. */
export const TRASH_PREFIX = ".removed-";

/** Far above what execve(2) takes as arguments and environment, which make up the most of a record. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** The old form also had records without a folder. */
const LEGACY_SUFFIX = ".json";
/** Neither follows a link out of the folder nor waits for the other end of a named pipe. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads one entry of the folder `sessions`. Never throws: what cannot be read says why. */
export async function readEntry(sessions: string, entry: Dirent): Promise<SessionEntry> {
  if (entry.name.startsWith(TRASH_PREFIX)) return { kind: "leftover" };
  const path = join(sessions, entry.name);
  try {
    if (entry.isDirectory()) return await readBundle(path, entry.name);
    if (entry.isFile() && entry.name.endsWith(LEGACY_SUFFIX)) return await readLegacyFile(path, entry.name);
    return unreadable(entry.isSymbolicLink() ? "is a symbolic link" : "is no folder of a session");
  } catch (error) {
    return unreadable(`cannot be read: ${systemReason(error)}`);
  }
}

async function readBundle(bundle: string, id: string): Promise<SessionEntry> {
  deleteTemporary(bundle);
  try {
    return await readRecord(join(bundle, RECORD_FILE), id);
  } catch (error) {
    if (systemCode(error) === "ELOOP") return unreadable(`has a symbolic link for its ${RECORD_FILE}`);
    if (systemCode(error) !== "ENOENT") throw error;
    return readdirSync(bundle).length === 0 ? { kind: "leftover" } : unreadable(`has no ${RECORD_FILE}`);
  }
}

async function readLegacyFile(path: string, name: string): Promise<SessionEntry> {
  const entry = await readRecord(path, name.slice(0, -LEGACY_SUFFIX.length));
  return entry.kind === "session" ? unreadable("is a record outside of its session's folder") : entry;
}

async function readRecord(path: string, id: string): Promise<SessionEntry> {
  const file = await open(path, READ_FLAGS);
  try {
    return await readRecordFrom(file, id);
  } finally {
    await file.close();
  }
}

async function readRecordFrom(file: FileHandle, id: string): Promise<SessionEntry> {
  const stat = await file.stat();
  if (!stat.isFile()) return unreadable(`has no regular file for its ${RECORD_FILE}`);
  if (stat.size > MAX_RECORD_BYTES) return unreadable(`has a record of ${stat.size} bytes`);
  return parseRecord({ text: await file.readFile("utf8"), id, writtenAtMs: stat.mtimeMs });
}

/** A record that was being written when its process died; the one before it still stands. */
function deleteTemporary(bundle: string): void {
  const path = join(bundle, TEMPORARY_FILE);
  if (existsSync(path)) unlinkSync(path);
}

function unreadable(reason: string): SessionEntry {
  return { kind: "unreadable", reason };
}
