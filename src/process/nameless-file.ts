import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A file system in memory, on every Linux system that has POSIX shared memory. */
const MEMORY = "/dev/shm";

/**
 * A file that no folder lists, for a program that wants a path where a descriptor would do: started with the descriptor, it
 * opens `/proc/self/fd/N`. Nobody else can open it, and it goes with its last descriptor, however the processes end. Kept in
 * memory where that is possible, so that what is in it never comes to a disk.
 */
export class NamelessFile {
  readonly fd: number;
  #isClosed = false;

  /** Synchronous, since memory takes it at once. `folder` is used where there is no memory for it; its errors are thrown. */
  constructor(folder: string, content = "", memory = MEMORY) {
    try {
      this.fd = createNameless(memory, content);
    } catch {
      this.fd = createNameless(folder, content);
    }
  }

  /** What is in it, without what exceeds `maxBytes` at its beginning. Throws once it is closed. */
  readEnd(maxBytes: number): Buffer {
    if (this.#isClosed) throw new Error("the file has been closed");
    const { size } = fstatSync(this.fd);
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const bytesRead = readSync(this.fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, bytesRead);
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.fd);
    this.#isClosed = true;
  }
}

let created = 0;

/** Its content comes after the name is gone, so that a crash in between leaves no more than an empty file. */
function createNameless(folder: string, content: string): number {
  const path = join(folder, `.nameless-${process.pid}-${created++}`);
  const fd = openSync(path, "wx+", 0o600);
  try {
    unlinkSync(path);
    writeFileSync(fd, content);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
