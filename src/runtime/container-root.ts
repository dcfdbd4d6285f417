import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { errnoOf } from "../process/errno.ts";

/** From linux/fcntl.h, the same on every processor that Node.js runs on: a handle for a path, without opening what is there. */
const O_PATH = 0o10000000;
const PATH_ONLY = O_PATH | constants.O_NOFOLLOW;
/** As many as the kernel follows in one path. */
const MAX_LINKS = 40;
/** Errors that say that a path leads to nothing. */
const NOT_THERE = new Set<string | undefined>(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/**
 * The root of a container, and what its paths lead to from the container's own point of view. A path is followed name by
 * name from handle to handle, and links are resolved here, so nothing in the container can lead a path out of its root:
 * no absolute link, no `..`, no folder that is swapped for a link meanwhile.
 */
export class ContainerRoot {
  readonly #root: FileHandle;

  private constructor(root: FileHandle) {
    this.#root = root;
  }

  /** Opens a root by a path of this machine, which is trusted. */
  static async open(path: string): Promise<ContainerRoot> {
    return new ContainerRoot(await open(path, O_PATH | constants.O_DIRECTORY));
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  /** What a path leads to, links followed. Null: nothing. Throws if this process may not look. */
  async stat(path: string): Promise<Stats | null> {
    return this.#follow(path, ({ stats }) => Promise.resolve(stats));
  }

  /** The beginning of a regular file. Null: there is none at this path. Never opens a device or waits for a FIFO. */
  async readFile(path: string, maxBytes: number): Promise<Buffer | null> {
    return this.#follow(path, async ({ handle, stats }) => {
      if (!stats.isFile()) return null;
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      const file = await open(`/proc/self/fd/${handle.fd}`, flags);
      try {
        return await readAtMost(file, maxBytes);
      } finally {
        await file.close();
      }
    });
  }

  /** Calls back with what is at the end of a path, which is no link. Null: nothing. */
  async #follow<T>(path: string, use: (target: Target) => Promise<T>): Promise<T | null> {
    const walk = new Walk(this.#root);
    try {
      const target = await walk.follow(path);
      return target && (await use(target));
    } catch (error) {
      if (NOT_THERE.has(errnoOf(error))) return null;
      throw error;
    } finally {
      await walk.close();
    }
  }
}

interface Target {
  /** A handle for the path only. */
  readonly handle: FileHandle;
  readonly stats: Stats;
}

/** One path being followed: the handles of the folders between the root and the current place. */
class Walk {
  readonly #root: FileHandle;
  readonly #folders: FileHandle[] = [];
  #leaf: FileHandle | undefined;
  #links = 0;

  constructor(root: FileHandle) {
    this.#root = root;
  }

  async follow(path: string): Promise<Target | null> {
    const names = path.split("/");
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        await this.#folders.pop()?.close();
        continue;
      }
      const place = `/proc/self/fd/${this.#here.fd}/${name}`;
      this.#leaf = await open(place, PATH_ONLY);
      const stats = await this.#leaf.stat();
      if (stats.isDirectory()) {
        this.#folders.push(this.#leaf);
        this.#leaf = undefined;
      } else if (stats.isSymbolicLink()) {
        names.unshift(...(await this.#resolveLink(place)));
      } else {
        return names.length === 0 ? { handle: this.#leaf, stats } : null;
      }
    }
    return { handle: this.#here, stats: await this.#here.stat() };
  }

  async close(): Promise<void> {
    await this.#leaf?.close();
    for (const folder of this.#folders) await folder.close();
  }

  get #here(): FileHandle {
    return this.#folders.at(-1) ?? this.#root;
  }

  /** The names that a link stands for. If it has been swapped for something else meanwhile, that is no link and leads nowhere. */
  async #resolveLink(place: string): Promise<string[]> {
    await this.#leaf?.close();
    this.#leaf = undefined;
    this.#links += 1;
    const target = await readlink(place).catch((error: unknown) => {
      if (errnoOf(error) === "EINVAL") return undefined;
      throw error;
    });
    if (target === undefined || this.#links > MAX_LINKS) throw Object.assign(new Error(), { code: "ELOOP" });
    if (target.startsWith("/")) {
      for (const folder of this.#folders.splice(0)) await folder.close();
    }
    return target.split("/");
  }
}

async function readAtMost(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < maxBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, maxBytes - length));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** A usual passwd or group file in one go. */
const READ_BYTES = 16 * 1024;
