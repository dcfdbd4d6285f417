import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecSession } from "../session/exec-session.ts";
import { isSessionError } from "../session/session-error.ts";
import { PID_FILE } from "../session/session-store.ts";
import { deleteTree } from "./delete-tree.ts";
import { makeFolder } from "./make-folder.ts";
import { RECORD_FILE, writeRecord, writeRecordDurably } from "./record-file.ts";
import { formatRecord } from "./session-record.ts";
import { noSuchSession, sessionExists, storeFailed, systemCode } from "./store-error.ts";

export interface SessionFilesOptions {
  readonly id: string;
  readonly bundle: string;
  /** What is on disk. Null: no record. */
  readonly saved: ExecSession | null;
  /** Throws unless the state directory is ours to write to; asked right before every change. */
  readonly assertOwned: () => void;
  /** Deletes what a removal has moved out of the way. */
  readonly deleteTrash: (path: string) => Promise<void>;
}

/** The files of one session, worked on one piece at a time in the order that was asked for. */
export class SessionFiles {
  readonly #options: SessionFilesOptions;
  #saved: ExecSession | null;
  #expected: ExecSession | null = null;
  /** What was saved may not be on disk any more. */
  #isDoubtful = false;
  #waitingSave: { session: ExecSession; readonly written: Promise<void> } | null = null;
  #removal: Promise<void> | null = null;
  #unfinished = 0;
  #lastPiece: Promise<void> = Promise.resolve();

  constructor(options: SessionFilesOptions) {
    this.#options = options;
    this.#saved = options.saved;
  }

  /** Makes the bundle and its first record, or leaves nothing behind. */
  create(session: ExecSession): Promise<void> {
    return this.#inTurn("create", async () => {
      makeBundle(this.#options);
      try {
        await this.#write(session);
      } catch (error) {
        // Best effort, while the true error is on its way; what stays is deleted by the next open.
        await deleteTree(this.#options.bundle).catch(() => {});
        throw error;
      }
    });
  }

  /** Resolves once this revision or a newer one is on disk. From the removal on there is nothing to save. */
  async save(session: ExecSession): Promise<void> {
    if (this.#removal !== null) throw noSuchSession(session.id);
    if (this.#unfinished > 0 || session.end !== null) return this.#saveInTurn(session);
    return this.#change("save", () => this.#write(session));
  }

  /** Done when it returns. */
  async begin(): Promise<void> {
    if (this.#removal !== null) throw noSuchSession(this.#options.id);
    return this.#change("save", async () => this.#mark());
  }

  expect(session: ExecSession): void {
    this.#expected = session;
  }

  /** Says that what was saved may not be on disk any more. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /** Writes again what was saved, if it may be gone. False: there was nothing to do. */
  async restore(): Promise<boolean> {
    if (this.#saved === null || this.#removal !== null) return false;
    if (!existsSync(join(this.#options.bundle, RECORD_FILE))) this.doubt();
    if (!this.#isDoubtful) return false;
    await this.#inTurn("save", async () => this.#writeAgain());
    return true;
  }

  /** Deletes everything but the record. */
  cleanup(): Promise<void> {
    return this.#inTurn("clean up", async () => {
      for (const name of namesIn(this.#options.bundle)) {
        if (name !== RECORD_FILE) await deleteTree(join(this.#options.bundle, name));
      }
    });
  }

  /** Moves everything to where a crash leaves no half of a session, and deletes it there. */
  remove(trash: string): Promise<void> {
    this.#removal ??= this.#remove(trash);
    return this.#removal;
  }

  get isRemoved(): boolean {
    return this.#removal !== null;
  }

  /** Resolves when all that was asked for is done, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#lastPiece, this.#removal]);
  }

  #saveInTurn(session: ExecSession): Promise<void> {
    const waiting = this.#waitingSave;
    if (waiting !== null) {
      if (session.revision > waiting.session.revision) waiting.session = session;
      return waiting.written;
    }
    const written = this.#inTurn("save", () => {
      const newest = this.#waitingSave?.session ?? session;
      this.#waitingSave = null;
      return this.#write(newest);
    });
    this.#waitingSave = { session, written };
    return written;
  }

  /** Done when it returns, unless the record must outlive a power cut: then the disk is waited for. */
  async #write(session: ExecSession): Promise<void> {
    if (session.revision <= (this.#saved?.revision ?? 0)) return this.#writeAgain();
    const text = formatRecord(session);
    if (isWorthSyncing(session)) await writeRecordDurably(this.#options.bundle, text);
    else writeRecord(this.#options.bundle, text);
    this.#saved = session;
    this.#isDoubtful = false;
  }

  #mark(): void {
    const path = join(this.#options.bundle, PID_FILE);
    try {
      writeFileSync(path, "", { mode: 0o600 });
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      // Someone has deleted the bundle, with the record that this belongs to.
      this.doubt();
      this.#writeAgain();
      writeFileSync(path, "", { mode: 0o600 });
    }
  }

  /** Not synced: there may be a thousand of them, and the loss is behind us. */
  #writeAgain(): void {
    if (!this.#isDoubtful || this.#saved === null || this.#removal !== null) return;
    if (this.#expected !== null && this.#expected.revision > this.#saved.revision)
      this.#saved = this.#expected;
    writeRecord(this.#options.bundle, formatRecord(this.#saved));
    this.#isDoubtful = false;
  }

  async #remove(trash: string): Promise<void> {
    try {
      await this.#inTurn("remove", async () => moveAway(this.#options.bundle, trash));
    } catch (error) {
      this.#removal = null;
      throw error;
    }
    await this.#change("delete the files of", () => this.#options.deleteTrash(trash));
  }

  #inTurn(doing: string, work: () => Promise<void>): Promise<void> {
    const piece = this.#lastPiece.then(() => this.#change(doing, work));
    const finished = (): void => {
      this.#unfinished--;
    };
    this.#unfinished++;
    this.#lastPiece = piece.then(finished, finished);
    return piece;
  }

  async #change(doing: string, work: () => Promise<void>): Promise<void> {
    const { id, bundle, assertOwned } = this.#options;
    try {
      assertOwned();
      await work();
    } catch (error) {
      throw isSessionError(error) ? error : storeFailed(doing, id, bundle, error);
    }
  }
}

/**
 * Whether losing the record to a power cut would lose more than a command that is quickly run again. Without it, the
 * session is found to be running and ends as lost, which is no lie; syncing takes a tenth of a short command's round trip.
 */
function isWorthSyncing({ startedAt, end }: ExecSession): boolean {
  if (end === null || startedAt === null) return false;
  return Date.parse(end.endedAt) - Date.parse(startedAt) >= DURABLE_RUN_MS;
}

const DURABLE_RUN_MS = 1000;

function makeBundle({ id, bundle }: SessionFilesOptions): void {
  try {
    mkdirSync(bundle, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw sessionExists(id);
    if (systemCode(error) !== "ENOENT") throw error;
    // Someone has deleted `sessions/`.
    makeFolder(bundle);
  }
}

/** Empty: someone else has deleted the bundle. */
function namesIn(bundle: string): readonly string[] {
  try {
    return readdirSync(bundle);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Moves the bundle; someone else may have deleted it. */
function moveAway(path: string, to: string): void {
  try {
    renameSync(path, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
