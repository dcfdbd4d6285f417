import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecSession, LegacySession } from "../session/exec-session.ts";
import { beginSession } from "../session/session-state.ts";
import type { SessionStore, StoreContents } from "../session/session-store.ts";
import { assertSessionId } from "./bundle-id.ts";
import { ownClaim } from "./owner-claim.ts";
import { noSuchSession, sessionExists, stateDirInUse, stateDirLost, storeClosed } from "./store-error.ts";

/** What the memory store has instead of a disk: it outlives the stores that are opened over it. */
export class MemoryStateDirectory {
  readonly sessions = new Map<string, ExecSession>();
  readonly legacy = new Map<string, LegacySession>();
  /** When the sessions were begun that have been. */
  readonly begun = new Map<string, Date>();
  /** Null: nobody has it open. */
  owner: MemorySessionStore | null = null;
  /** Where bundles are made. Null: nowhere; a bundle is then a path without a folder. */
  readonly bundleRoot: string | null;

  constructor(bundleRoot: string | null = null) {
    this.bundleRoot = bundleRoot;
  }
}

/** The file store's twin without the files: it keeps the same promises for as long as the process lives. */
export class MemorySessionStore implements SessionStore {
  readonly #directory: MemoryStateDirectory;
  #open = false;

  constructor(directory: MemoryStateDirectory = new MemoryStateDirectory()) {
    this.#directory = directory;
  }

  async open(): Promise<StoreContents> {
    if (this.#directory.owner !== null) throw stateDirInUse("in memory", ownClaim());
    this.#directory.owner = this;
    this.#open = true;
    return this.snapshot();
  }

  async create(session: ExecSession): Promise<void> {
    this.#assertOwned();
    const bundle = this.bundle(session.id);
    if (this.#directory.sessions.has(session.id)) throw sessionExists(session.id);
    if (this.#directory.bundleRoot !== null) mkdirSync(bundle, { recursive: true, mode: 0o700 });
    this.#directory.sessions.set(session.id, session);
  }

  async begin(id: string): Promise<void> {
    this.#assertOwned();
    if (!this.#directory.sessions.has(id)) throw noSuchSession(id);
    this.#directory.begun.set(id, new Date());
  }

  expect(): void {}

  async save(session: ExecSession): Promise<void> {
    this.#assertOwned();
    const saved = this.#directory.sessions.get(session.id);
    if (saved === undefined) throw noSuchSession(session.id);
    if (session.revision > saved.revision) this.#directory.sessions.set(session.id, session);
  }

  async cleanup(id: string): Promise<void> {
    this.#assertOwned();
    if (this.#directory.bundleRoot === null || !this.#directory.sessions.has(id)) return;
    const bundle = this.bundle(id);
    for (const name of readdirSync(bundle)) rmSync(join(bundle, name), { recursive: true, force: true });
  }

  async remove(id: string): Promise<void> {
    this.#assertOwned();
    this.#directory.legacy.delete(id);
    this.#directory.begun.delete(id);
    if (!this.#directory.sessions.delete(id) || this.#directory.bundleRoot === null) return;
    rmSync(this.bundle(id), { recursive: true, force: true });
  }

  bundle(id: string): string {
    assertSessionId(id);
    return join(this.#directory.bundleRoot ?? NO_BUNDLES, id);
  }

  async close(): Promise<void> {
    this.#open = false;
    if (this.#directory.owner === this) this.#directory.owner = null;
  }

  /** Does to this store what kill -9 does to a process: the next one takes over what it has saved. */
  crash(): void {
    this.#directory.owner = null;
  }

  /** What the next owner would find. */
  snapshot(): StoreContents {
    const { sessions, legacy } = this.#directory;
    const found = Array.from(sessions.values(), (session) => this.#asBegun(session));
    return { sessions: found, legacy: [...legacy.values()], setAside: [] };
  }

  #asBegun(session: ExecSession): ExecSession {
    const begun = this.#directory.begun.get(session.id);
    return session.state === "created" && begun !== undefined ? beginSession(session, begun) : session;
  }

  #assertOwned(): void {
    if (!this.#open) throw storeClosed();
    if (this.#directory.owner !== this) throw stateDirLost("in memory", ownClaim());
  }
}

/** Named, but never made. */
const NO_BUNDLES = join(tmpdir(), "exec-sessions-in-memory");
