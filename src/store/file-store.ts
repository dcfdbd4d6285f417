import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ExecSession } from "../session/exec-session.ts";
import { isSessionError } from "../session/session-error.ts";
import type { SessionStore, StoreContents } from "../session/session-store.ts";
import { assertSessionId } from "./bundle-id.ts";
import type { HeartbeatTiming } from "./heartbeat.ts";
import { makeFolder } from "./make-folder.ts";
import { type FoundSessions, readSessions, SESSIONS_FOLDER } from "./read-sessions.ts";
import { TRASH_PREFIX } from "./session-entry.ts";
import { SessionFiles } from "./session-files.ts";
import { StateDirectoryLock } from "./state-directory-lock.ts";
import { noSuchSession, sessionExists, stateDirUnusable, storeClosed } from "./store-error.ts";
import { Trash } from "./trash.ts";

export interface FileStoreOptions {
  /** Absent: proper-lockfile's own timing. */
  readonly heartbeat?: HeartbeatTiming | undefined;
  /** Told, in one sentence each, what no caller waits for. */
  readonly report?: (sentence: string) => void;
}

/** Keeps each session in a folder of its own, below a state directory that no other process may use meanwhile. */
export class FileSessionStore implements SessionStore {
  readonly #directory: string;
  readonly #heartbeat: HeartbeatTiming | undefined;
  readonly #sessions = new Map<string, SessionFiles>();
  readonly #legacy = new Map<string, readonly SessionFiles[]>();
  readonly #trash: Trash;
  readonly #trashName = TRASH_PREFIX + randomBytes(TRASH_NAME_BYTES).toString("hex");
  #removals = 0;
  /** Null: not open. */
  #lock: StateDirectoryLock | null = null;
  #closing: Promise<void> = Promise.resolve();
  /** False: records may be missing from the directory, because it has been deleted. */
  #isWhole = true;

  /** Touches nothing before it is opened. */
  constructor(directory: string, { heartbeat, report = () => {} }: FileStoreOptions = {}) {
    this.#directory = resolve(directory);
    this.#heartbeat = heartbeat;
    this.#trash = new Trash(report);
  }

  async open(): Promise<StoreContents> {
    // Whoever closed it has been told if that failed.
    await this.#closing.catch(() => {});
    const lock = new StateDirectoryLock(this.#directory, this.#heartbeat);
    const { sessions, legacy, setAside, legacyPaths } = await this.#takeAndRead(lock);
    this.#lock = lock;
    this.#sessions.clear();
    this.#legacy.clear();
    for (const session of sessions)
      this.#sessions.set(session.id, this.#files(session.id, this.bundle(session.id), session));
    for (const [id, paths] of legacyPaths) {
      this.#legacy.set(
        id,
        paths.map((path) => this.#files(id, path)),
      );
    }
    return { sessions, legacy, setAside };
  }

  async create(session: ExecSession): Promise<void> {
    this.#assertOpen();
    if (!existsSync(this.#directory)) await this.restore();
    const { id } = session;
    const files = this.#files(id, this.bundle(id));
    if (this.#sessions.has(id)) throw sessionExists(id);
    this.#sessions.set(id, files);
    try {
      await files.create(session);
    } catch (error) {
      this.#sessions.delete(id);
      throw error;
    }
  }

  async begin(id: string): Promise<void> {
    await this.#filesOf(id).begin();
  }

  expect(session: ExecSession): void {
    this.#sessions.get(session.id)?.expect(session);
  }

  async save(session: ExecSession): Promise<void> {
    await this.#filesOf(session.id).save(session);
  }

  async cleanup(id: string): Promise<void> {
    this.#assertOpen();
    await this.#sessions.get(id)?.cleanup();
  }

  async remove(id: string): Promise<void> {
    this.#assertOpen();
    await this.#removeSession(id);
    await this.#removeLegacy(id);
  }

  bundle(id: string): string {
    assertSessionId(id);
    return join(this.#directory, SESSIONS_FOLDER, id);
  }

  /**
   * To be called now and then: if the directory has been deleted, it is made again, with all that was saved. Whoever deletes
   * it may be at it still, so it counts as whole only once nothing is missing. False: nothing was. Throws
   * EXEC_STATE_DIR_LOST, EXEC_STATE_DIR_UNUSABLE or EXEC_STORE_FAILED.
   */
  async restore(): Promise<boolean> {
    if (!this.#takeWholeFolder() && this.#isWhole) return false;
    let wasTouched = false;
    for (const files of this.#sessions.values()) {
      if (await files.restore()) wasTouched = true;
    }
    this.#isWhole = !wasTouched;
    return wasTouched;
  }

  async close(): Promise<void> {
    const lock = this.#lock;
    this.#lock = null;
    if (lock !== null) this.#closing = this.#finish(lock);
    await this.#closing;
  }

  /** Called when the directory is this process's, before it is read. */
  protected onTaken(): void {}

  async #takeAndRead(lock: StateDirectoryLock): Promise<FoundSessions> {
    try {
      makeFolder(this.#directory);
      await lock.acquire();
      this.onTaken();
      makeFolder(join(this.#directory, SESSIONS_FOLDER));
      return await readSessions(this.#directory);
    } catch (error) {
      // Best effort, while the true error is on its way.
      await lock.release().catch(() => {});
      throw isSessionError(error) ? error : stateDirUnusable(this.#directory, error);
    }
  }

  async #removeSession(id: string): Promise<void> {
    const files = this.#sessions.get(id);
    if (files === undefined) return;
    try {
      await files.remove(this.#newTrash());
    } finally {
      if (files.isRemoved && this.#sessions.get(id) === files) this.#sessions.delete(id);
    }
  }

  async #removeLegacy(id: string): Promise<void> {
    for (const files of this.#legacy.get(id) ?? []) await files.remove(this.#newTrash());
    this.#legacy.delete(id);
  }

  async #finish(lock: StateDirectoryLock): Promise<void> {
    const files = [...this.#sessions.values(), ...[...this.#legacy.values()].flat()];
    await Promise.all(files.map((each) => each.settled()));
    this.#trash.empty();
    try {
      await lock.release();
    } catch (error) {
      throw stateDirUnusable(this.#directory, error);
    }
  }

  #filesOf(id: string): SessionFiles {
    this.#assertOpen();
    const files = this.#sessions.get(id);
    if (files === undefined) throw noSuchSession(id);
    return files;
  }

  #files(id: string, bundle: string, saved: ExecSession | null = null): SessionFiles {
    const lock = this.#assertOpen();
    return new SessionFiles({
      id,
      bundle,
      saved,
      assertOwned: () => this.#assertHeld(lock),
      deleteTrash: (path) => this.#trash.delete(path),
    });
  }

  /** Where somebody has deleted the directory, everything is to be written again. */
  #assertHeld(lock: StateDirectoryLock): void {
    this.#trash.empty();
    if (!lock.assertHeld()) return;
    this.#isWhole = false;
    for (const files of this.#sessions.values()) files.doubt();
  }

  /** True: something was missing. */
  #takeWholeFolder(): boolean {
    const lock = this.#assertOpen();
    const sessions = join(this.#directory, SESSIONS_FOLDER);
    try {
      makeFolder(this.#directory);
      this.#assertHeld(lock);
      const isMissing = !existsSync(sessions);
      if (isMissing) makeFolder(sessions);
      return isMissing;
    } catch (error) {
      throw isSessionError(error) ? error : stateDirUnusable(this.#directory, error);
    }
  }

  #newTrash(): string {
    return join(this.#directory, SESSIONS_FOLDER, `${this.#trashName}-${this.#removals++}`);
  }

  #assertOpen(): StateDirectoryLock {
    if (this.#lock === null) throw storeClosed();
    return this.#lock;
  }
}

/** So many that no removal meets with what another process has left. */
const TRASH_NAME_BYTES = 8;
