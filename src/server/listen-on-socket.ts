import { chmod, mkdir, stat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { platform } from "node:os";
import { dirname } from "node:path";
import { errorText, SessionError } from "../session/session-error.ts";

/** A Unix socket's path has to fit into sockaddr_un with a zero byte after it: 108 bytes on Linux, 104 on BSD and macOS. */
export const MAX_SOCKET_PATH_BYTES = platform() === "linux" ? 107 : 103;

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Listens where only this process's user can connect. Makes the socket's folder if there is none, and takes the place of
 * a socket on which nobody listens any more. Throws EXEC_SOCKET_UNUSABLE.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  assertFits(path);
  try {
    await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
    await assertFolderIsOurs(dirname(path));
    await removeStale(path);
    await listen(server, path);
    await chmod(path, OWNER_ONLY_FILE);
  } catch (error) {
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

async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw unusable(path, "there is a file that is no socket");
  if (await isAnswered(path)) throw unusable(path, "another process listens there");
  await unlink(path);
}

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
