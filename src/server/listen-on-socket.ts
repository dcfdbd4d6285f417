import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rename, stat } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { errorText, SessionError } from "../session/session-error.ts";

/** A Unix socket's path has to fit into sockaddr_un with a zero byte after it: 108 bytes on Linux, 104 on BSD and macOS. */
export const MAX_SOCKET_PATH_BYTES = platform() === "linux" ? 107 : 103;

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const WRITABLE_BY_OTHERS = 0o022;
const PASSABLE = 0o001;
/** As chown(2) has it. */
const SAME_GROUP = -1;

/**
 * Listens where only this process's user can connect, or only root and another user. Makes the socket's folder if there is
 * none, and takes the place of a socket on which nobody listens any more. The socket stays when the server is closed. Throws
 * EXEC_SOCKET_UNUSABLE.
 */
export async function listenOnSocket(
  server: Server,
  path: string,
  user: number | null = null,
): Promise<void> {
  assertFits(path);
  try {
    await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
    await assertFolderIsOurs(dirname(path));
    await assertFree(path);
    const temporary = temporaryPath(path);
    await listen(server, temporary);
    await chmod(temporary, OWNER_ONLY_FILE);
    if (user !== null) await giveTo(user, temporary);
    await rename(temporary, path);
  } catch (error) {
    server.close();
    throw error instanceof SessionError ? error : unusable(path, errorText(error), error);
  }
}

function assertFits(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw unusable(
    path,
    `a Unix socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes, and this one ${bytes}`,
  );
}

/** Whoever may write there could put a socket of their own in the place of ours. */
async function assertFolderIsOurs(folder: string): Promise<void> {
  const { mode, uid } = await stat(folder);
  const isOurs = uid === process.getuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
  if (!isOurs)
    throw unusable(folder, "other users may write to this folder; take that right from them with chmod 700");
}

/** The user needs the right to pass through the folder, too, but none to see what is in it. */
async function giveTo(user: number, path: string): Promise<void> {
  const folder = dirname(path);
  await chmod(folder, (await stat(folder)).mode | PASSABLE);
  await chown(path, user, SAME_GROUP);
}

async function assertFree(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw unusable(path, "there is a file that is no socket");
  if (await isAnswered(path)) throw unusable(path, "another process listens there");
}

/**
 * Once a server is closed, Node.js deletes what has the name under which it began to listen, be it another process's socket
 * by now. So that is a name which nobody else has, and no longer than the true one.
 */
function temporaryPath(path: string): string {
  const length = Math.max(basename(path).length, MIN_TEMPORARY_LENGTH);
  return join(dirname(path), `.${randomBytes(length).toString("hex").slice(1, length)}`);
}

/** A dot and eight random digits. */
const MIN_TEMPORARY_LENGTH = 9;

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => resolve(true)).once("error", () => resolve(false));
    probe.once("connect", () => probe.destroy());
  });
}

/** The mask makes the socket private from its first moment; bind() happens within the call. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const mask = process.umask(~OWNER_ONLY_FILE & 0o777);
    try {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

function unusable(path: string, reason: string, cause?: unknown): SessionError {
  return new SessionError(
    "EXEC_SOCKET_UNUSABLE",
    `The session host's socket cannot be made at ${path}: ${reason}.`,
    {
      details: { path },
      cause,
    },
  );
}
