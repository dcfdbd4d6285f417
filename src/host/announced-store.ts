import { isDeepStrictEqual } from "node:util";
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

  constructor(stateDir: string, host: HostFile, report: (sentence: string) => void) {
    super(stateDir, { report });
    this.#stateDir = stateDir;
    this.#host = host;
  }

  /** The runtimes of the sessions that were there when it was opened, each once. */
  get runtimes(): readonly RuntimeSpec[] {
    return this.#runtimes;
  }

  override async open(): Promise<StoreContents> {
    try {
      const contents = await super.open();
      this.#runtimes = uniqueRuntimes(contents);
      return contents;
    } catch (error) {
      this.#withdraw();
      throw error;
    }
  }

  override async restore(): Promise<boolean> {
    const wasTouched = await super.restore();
    const isAnnounced = this.#isAnnounced();
    if (!isAnnounced) this.#announce();
    return wasTouched || !isAnnounced;
  }

  override async close(): Promise<void> {
    this.#withdraw();
    await super.close();
  }

  /** Reading thousands of sessions takes seconds, in which others are to know whom they wait for. */
  protected override onTaken(): void {
    this.#announce();
  }

  #announce(): void {
    try {
      writeHostFile(this.#stateDir, this.#host);
    } catch (error) {
      throw stateDirUnusable(this.#stateDir, error);
    }
  }

  #withdraw(): void {
    // It is another host's, if the directory has been lost to that.
    if (this.#isAnnounced()) removeHostFile(this.#stateDir);
  }

  #isAnnounced(): boolean {
    return isDeepStrictEqual(readHostFile(this.#stateDir), this.#host);
  }
}

function uniqueRuntimes({ sessions }: StoreContents): readonly RuntimeSpec[] {
  const byText = new Map(sessions.map(({ runtime }) => [JSON.stringify(runtime), runtime]));
  return [...byText.values()];
}
