import { constants, fstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { ExecConfig } from "../session/exec-config.ts";
import { errorText, SessionError } from "../session/session-error.ts";

/** The file descriptors that a command gets beyond its standard streams. */
export interface ExtraFds {
  /** In the command's order, from 3 on. */
  readonly fds: readonly number[];
  /** Closes what was opened for the command. */
  close(): Promise<void>;
}

/**
 * Checks `preserveFds`, which stay the caller's, and opens `extraFiles` for reading. Throws EXEC_INVALID_CONFIG, naming the
 * descriptor or file that cannot be passed on.
 */
export async function openExtraFds({ preserveFds, extraFiles }: ExecConfig): Promise<ExtraFds> {
  preserveFds.forEach(assertOpen);
  const files: FileHandle[] = [];
  const close = async () => {
    for (const file of files) await file.close();
  };
  try {
    for (const path of extraFiles) files.push(await openForReading(path));
  } catch (error) {
    await close();
    throw badField("extraFiles", `names ${extraFiles[files.length]}, which cannot be opened`, error);
  }
  return { fds: [...preserveFds, ...files.map(({ fd }) => fd)], close };
}

function assertOpen(fd: number): void {
  try {
    fstatSync(fd);
  } catch (error) {
    throw badField("preserveFds", `has ${fd}, which is not open in the manager's process`, error);
  }
}

/** Looks first, without waiting, because the opening of a FIFO would wait for its writer. */
async function openForReading(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if ((await file.stat()).isFIFO())
      throw new Error("it is a FIFO; open it, and give its descriptor in preserveFds");
    return await open(`/proc/self/fd/${file.fd}`, constants.O_RDONLY);
  } finally {
    await file.close();
  }
}

function badField(field: "extraFiles" | "preserveFds", fault: string, cause: unknown): SessionError {
  return new SessionError("EXEC_INVALID_CONFIG", `"${field}" ${fault}: ${errorText(cause)}.`, {
    details: { field },
    cause,
  });
}
