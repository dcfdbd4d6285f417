import { type HostFile, readHostFile, removeHostFile, writeHostFile } from "../api/host-file.ts";
import type { RuntimeSpec } from "../session/exec-session.ts";
import type { StoreContents } from "../session/session-store.ts";
import { FileSessionStore } from "../store/file-store.ts";
import { stateDirUnusable } from "../store/store-error.ts";

/** A file store that tells, for exactly as long as it owns its state directory, which session host does. */
export class AnnouncedStore extends FileSessionStore {
  readonly #stateDir: string;
  readonly #host: HostFile;
  #runtimes: readonly RuntimeSpec[] = [];

  constructor(stateDir: string, host: HostFile) {
    super(stateDir);
    this.#stateDir = stateDir;
    this.#host = host;
  }

  /** The runtimes of the sessions that were there when it was opened, each once. */
  get runtimes(): readonly RuntimeSpec[] {
    return this.#runtimes;
  }

  override async open(): Promise<StoreContents> {
    const contents = await super.open();
    try {
      this.#announce();
      this.#runtimes = uniqueRuntimes(contents);
      return contents;
    } catch (error) {
      await super.close();
      throw error;
    }
  }

  override async restore(): Promise<boolean> {
    const wasTouched = await super.restore();
    const isAnnounced = readHostFile(this.#stateDir)?.pid === this.#host.pid;
    if (!isAnnounced) this.#announce();
    return wasTouched || !isAnnounced;
  }

  override async close(): Promise<void> {
    // Another host's, if the directory has been lost to it.
    if (readHostFile(this.#stateDir)?.pid === this.#host.pid) removeHostFile(this.#stateDir);
    await super.close();
  }

  #announce(): void {
    try {
      writeHostFile(this.#stateDir, this.#host);
    } catch (error) {
      throw stateDirUnusable(this.#stateDir, error);
    }
  }
}

function uniqueRuntimes({ sessions }: StoreContents): readonly RuntimeSpec[] {
  const byText = new Map(sessions.map(({ runtime }) => [JSON.stringify(runtime), runtime]));
  return [...byText.values()];
}
