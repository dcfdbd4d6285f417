import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { errorText, SessionError } from "../session/session-error.ts";
import { makeFolder } from "../store/make-folder.ts";

/** A Unix socket's address has 108 bytes for its path and the NUL after it (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Where the session host of a state directory listens: in that directory, or in the user's runtime directory if the path
 * would be too long for a socket. Takes the directory's real path, so that every way to it leads to one socket. Throws
 * EXEC_SOCKET_UNUSABLE if there is no place that is safe from other users.
 */
export function hostSocketPath(realStateDir: string): string {
  const path = join(realStateDir, SOCKET_NAME);
  return isShortEnough(path) ? path : pathByHash(realStateDir);
}

const SOCKET_NAME = "host.sock";
const FOLDER_NAME = "exec-sessions";
/** So many that no two directories share a socket. */
const HASH_DIGITS = 32;

function isShortEnough(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

function pathByHash(realStateDir: string): string {
  const hash = createHash("sha256").update(realStateDir).digest("hex").slice(0, HASH_DIGITS);
  const folder = privateFolder();
  const path = join(folder, `${hash}.sock`);
  if (isShortEnough(path)) return path;
  throw new SessionError(
    "EXEC_SOCKET_UNUSABLE",
    `The socket's path may have ${MAX_SOCKET_PATH_BYTES} bytes; neither ${join(realStateDir, SOCKET_NAME)} nor ${path} is short enough.`,
    { details: { path } },
  );
}

/** A folder of this user alone: below $XDG_RUNTIME_DIR, else below the temporary folder, which others share. */
function privateFolder(): string {
  const runtimeDir = process.env.XDG_RUNTIME_DIR ?? "";
  const folder = isAbsolute(runtimeDir)
    ? join(runtimeDir, FOLDER_NAME)
    : join(tmpdir(), `${FOLDER_NAME}-${userId()}`);
  try {
    makeFolder(folder);
  } catch (error) {
    throw unsafeFolder(folder, errorText(error));
  }
  assertPrivate(folder);
  return folder;
}

const OTHERS_PERMISSIONS = 0o077;

/** Another user may have made the folder, or a link in its place, to have the socket where it can be reached. */
function assertPrivate(folder: string): void {
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw unsafeFolder(folder, "it is no directory");
  if (stat.uid !== userId()) throw unsafeFolder(folder, `it belongs to user ${stat.uid}`);
  if ((stat.mode & OTHERS_PERMISSIONS) !== 0) throw unsafeFolder(folder, "other users may enter it");
}

function userId(): number {
  return process.getuid?.() ?? 0;
}

function unsafeFolder(folder: string, reason: string): SessionError {
  return new SessionError(
    "EXEC_SOCKET_UNUSABLE",
    `The session host's socket cannot be in ${folder}: ${reason}.`,
    { details: { path: folder } },
  );
}
