import { type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { OpenFiles } from "./open-files.ts";
import { isSegmentMissing, type SegmentStorage, type StoredSegment } from "./segment-storage.ts";

/** Output may hold secrets: it is for its owner alone. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** A file that is being replaced; one writer is at it at a time, and a crash leaves one at the most. */
const TEMPORARY_SUFFIX = ".tmp";

/**
 * Segments as files of one folder, which is made with the first of them. A file is open only while it is read or
 * written: hundreds of sessions hold no descriptors, and a deleted file is noticed at the next write.
 */
export class FileSegmentStorage implements SegmentStorage {
  readonly #folder: string;
  readonly #openFiles: OpenFiles;

  constructor(folder: string, openFiles: OpenFiles) {
    this.#folder = folder;
    this.#openFiles = openFiles;
  }

  async list(): Promise<readonly StoredSegment[]> {
    const names = await missingAs([], readdir(this.#folder));
    const found = await Promise.all(
      names.map(async (name) => {
        const stats = await missingAs(undefined, stat(join(this.#folder, name)));
        return stats?.isFile() ? [{ name, bytes: stats.size }] : [];
      }),
    );
    return found.flat();
  }

  write(name: string, position: number, buffers: readonly Buffer[]): Promise<void> {
    return this.#openFiles.withOne(() => this.#write(name, position, buffers));
  }

  read(name: string, position: number, into: Buffer): Promise<number> {
    return this.#openFiles.withOne(() => this.#read(name, position, into));
  }

  load(name: string): Promise<Buffer | undefined> {
    return this.#openFiles.withOne(() => missingAs(undefined, readFile(join(this.#folder, name))));
  }

  replace(name: string, content: Buffer): Promise<void> {
    return this.#openFiles.withOne(() => this.#replace(name, content));
  }

  async remove(name: string): Promise<void> {
    await missingAs(undefined, unlink(join(this.#folder, name)));
  }

  async #write(name: string, position: number, buffers: readonly Buffer[]): Promise<void> {
    const file = position === 0 ? await this.#create(name) : await open(join(this.#folder, name), "r+");
    try {
      await writeAll(file, position, buffers);
    } catch (error) {
      await cutOff(file, position);
      throw error;
    } finally {
      await file.close();
    }
  }

  async #replace(name: string, content: Buffer): Promise<void> {
    const temporary = name + TEMPORARY_SUFFIX;
    try {
      const file = await this.#create(temporary);
      try {
        await file.writeFile(content);
      } finally {
        await file.close();
      }
      await rename(join(this.#folder, temporary), join(this.#folder, name));
    } catch (error) {
      // Best effort, while the true error is on its way: what stays is overwritten next time.
      await this.remove(temporary).catch(() => {});
      throw error;
    }
  }

  async #read(name: string, position: number, into: Buffer): Promise<number> {
    const file = await open(join(this.#folder, name), "r");
    try {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    } finally {
      await file.close();
    }
  }

  /** The folder may be missing the first time, or because somebody has deleted it; its own folder is not ours to make. */
  async #create(name: string): Promise<FileHandle> {
    const path = join(this.#folder, name);
    try {
      return await open(path, "w", FILE_MODE);
    } catch (error) {
      if (!isSegmentMissing(error)) throw error;
      await mkdir(this.#folder, { mode: FOLDER_MODE });
      return await open(path, "w", FILE_MODE);
    }
  }
}

/** A kernel may take less than it is given; only no progress is an error. */
async function writeAll(file: FileHandle, position: number, buffers: readonly Buffer[]): Promise<void> {
  let rest = [...buffers];
  for (let at = position; rest.length > 0; ) {
    const { bytesWritten } = await file.writev(rest, at);
    if (bytesWritten === 0) throw new Error("the disk took no bytes and gave no reason");
    at += bytesWritten;
    rest = afterBytes(rest, bytesWritten);
  }
}

function afterBytes(buffers: Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  let index = 0;
  for (let next = buffers[0]; next !== undefined && skip >= next.length; next = buffers[++index])
    skip -= next.length;
  const [partial, ...rest] = buffers.slice(index);
  return partial === undefined ? [] : [partial.subarray(skip), ...rest];
}

async function cutOff(file: FileHandle, position: number): Promise<void> {
  try {
    await file.truncate(position);
  } catch {
    // Best effort on a disk that has just refused a write; the next write begins at the same position.
  }
}

async function missingAs<Value, Fallback>(
  fallback: Fallback,
  found: Promise<Value>,
): Promise<Value | Fallback> {
  try {
    return await found;
  } catch (error) {
    if (isSegmentMissing(error)) return fallback;
    throw error;
  }
}
