import * as fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExecSession } from "../session/exec-session.ts";
import { beginSession } from "../session/session-state.ts";
import { PID_FILE } from "../session/session-store.ts";
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
const READ_FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

const open = promisify(fs.open);
const read = promisify(fs.read);

/** Reads one entry of the folder `sessions`; what cannot be read says why. Throws only if this process is at its limits. */
export async function readEntry(sessions: string, entry: fs.Dirent): Promise<SessionEntry> {
  if (entry.name.startsWith(TRASH_PREFIX)) return { kind: "leftover" };
  const path = join(sessions, entry.name);
  try {
    if (entry.isDirectory()) return await readBundle(path, entry.name);
    if (entry.isFile() && entry.name.endsWith(LEGACY_SUFFIX)) return await readLegacyFile(path, entry.name);
    return unreadable(entry.isSymbolicLink() ? "is a symbolic link" : "is no folder of a session");
  } catch (error) {
    if (OUR_LIMITS.has(systemCode(error))) throw error;
    return unreadable(`cannot be read: ${systemReason(error)}`);
  }
}

/** Errors that say nothing of the file: the record is good, and must not be set aside for them. */
const OUR_LIMITS = new Set<string | undefined>(["EMFILE", "ENFILE", "ENOMEM"]);

async function readBundle(bundle: string, id: string): Promise<SessionEntry> {
  try {
    const entry = await readRecord(join(bundle, RECORD_FILE), id);
    deleteTemporary(bundle);
    return entry.kind === "session" ? { ...entry, session: asBegun(entry.session, bundle) } : entry;
  } catch (error) {
    if (systemCode(error) === "ELOOP") return unreadable(`has a symbolic link for its ${RECORD_FILE}`);
    if (systemCode(error) !== "ENOENT") throw error;
    const hasOnlyTemporary = fs.readdirSync(bundle).every((name) => name === TEMPORARY_FILE);
    return hasOnlyTemporary ? { kind: "leftover" } : unreadable(`has no ${RECORD_FILE}`);
  }
}

/** A session whose start was the last that its manager said of it may have a command. */
function asBegun(session: ExecSession, bundle: string): ExecSession {
  if (session.state !== "created") return session;
  const begun = fs.statSync(join(bundle, PID_FILE), { throwIfNoEntry: false });
  return begun === undefined ? session : beginSession(session, begun.mtime);
}

async function readLegacyFile(path: string, name: string): Promise<SessionEntry> {
  const entry = await readRecord(path, name.slice(0, -LEGACY_SUFFIX.length));
  return entry.kind === "session" ? unreadable("is a record outside of its session's folder") : entry;
}

/** Only what may wait for the disk goes to the thread pool: that is three times faster than a file handle's promises. */
async function readRecord(path: string, id: string): Promise<SessionEntry> {
  const file = await open(path, READ_FLAGS);
  try {
    const stat = fs.fstatSync(file);
    const { size, mtimeMs } = stat;
    if (!stat.isFile()) return unreadable(`has no regular file for its ${RECORD_FILE}`);
    if (size > MAX_RECORD_BYTES) return unreadable(`has a record of ${size} bytes`);
    return parseRecord({ text: await readText(file, size), id, writtenAtMs: mtimeMs });
  } finally {
    fs.closeSync(file);
  }
}

/** A read may give less than it was asked for, on network file systems for example. */
async function readText(file: number, size: number): Promise<string> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  for (let got = -1; got !== 0 && length < size; length += got) {
    got = (await read(file, bytes, length, size - length, length)).bytesRead;
  }
  return bytes.toString("utf8", 0, length);
}

/** A record that was being written when its process died; the one before it stands. */
function deleteTemporary(bundle: string): void {
  const path = join(bundle, TEMPORARY_FILE);
  if (!fs.existsSync(path)) return;
  try {
    fs.unlinkSync(path);
  } catch {
    // Best effort: it is never read, and the next write of the record uses it up.
  }
}

function unreadable(reason: string): SessionEntry {
  return { kind: "unreadable", reason };
}
