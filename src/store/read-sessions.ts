import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ExecSession, LegacySession } from "../session/exec-session.ts";
import type { SetAside, StoreContents } from "../session/session-store.ts";
import { deleteTree } from "./delete-tree.ts";
import { readEntry } from "./session-entry.ts";
import { leaveAlone, setAside } from "./set-aside.ts";
import { systemReason } from "./store-error.ts";

/** Where the sessions are, in the state directory. */
export const SESSIONS_FOLDER = "sessions";
/** Enough to keep the thread pool's four threads busy while records are parsed. */
const PARALLEL_READS = 16;

/** What a state directory holds. */
export interface FoundSessions extends StoreContents {
  /** The files and folders of each legacy session, by its id. */
  readonly legacyPaths: ReadonlyMap<string, readonly string[]>;
}

/** Reads all sessions, sets aside what is none, and deletes what dead processes left half done. */
export async function readSessions(stateDirectory: string): Promise<FoundSessions> {
  const found = new Findings(stateDirectory);
  const entries = (await readdir(join(stateDirectory, SESSIONS_FOLDER), { withFileTypes: true })).values();
  // All readers take from one iterator, so that each entry is read once.
  const readers = Array.from({ length: PARALLEL_READS }, () => found.addAll(entries));
  for (const result of await Promise.allSettled(readers)) {
    if (result.status === "rejected") throw result.reason;
  }
  return found;
}

class Findings implements FoundSessions {
  readonly sessions: ExecSession[] = [];
  readonly legacy: LegacySession[] = [];
  readonly setAside: SetAside[] = [];
  readonly legacyPaths = new Map<string, string[]>();
  readonly #stateDirectory: string;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
  }

  async addAll(entries: Iterable<Dirent>): Promise<void> {
    for (const entry of entries) await this.#add(entry);
  }

  async #add(dirent: Dirent): Promise<void> {
    const path = join(this.#stateDirectory, SESSIONS_FOLDER, dirent.name);
    const entry = await readEntry(join(this.#stateDirectory, SESSIONS_FOLDER), dirent);
    switch (entry.kind) {
      case "session":
        this.sessions.push(entry.session);
        return;
      case "legacy":
        this.#addLegacy(entry.session, path);
        return;
      case "leftover":
        return this.#deleteLeftover(path);
      case "newer":
        this.setAside.push(leaveAlone(path, entry.reason));
        return;
      case "unreadable":
        this.setAside.push(setAside(this.#stateDirectory, path, entry.reason));
        return;
    }
  }

  async #deleteLeftover(path: string): Promise<void> {
    try {
      await deleteTree(path);
    } catch (error) {
      const reason = `is left from an earlier run and cannot be deleted: ${systemReason(error)}`;
      this.setAside.push(leaveAlone(path, reason));
    }
  }

  /** One id may be there as a file and as a folder: one session, whose removal removes both. */
  #addLegacy(session: LegacySession, path: string): void {
    const paths = this.legacyPaths.get(session.id);
    if (paths !== undefined) {
      paths.push(path);
      return;
    }
    this.legacy.push(session);
    this.legacyPaths.set(session.id, [path]);
  }
}
