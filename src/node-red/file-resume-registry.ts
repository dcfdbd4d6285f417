import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "../session/session-error.ts";
import { makeFolder } from "../store/make-folder.ts";
import {
  forACrash,
  formatResumeFile,
  type KeptMessage,
  keepMessage,
  parseResumeFile,
} from "./resume-file.ts";
import { MemoryResumeRegistry, type ResumeEntry, type ResumeRegistry } from "./resume-registry.ts";

/** A crash makes no more than the output of this time be delivered again. */
const WRITE_AFTER_MS = 1000;
/** Nor more than so much of it. */
const WRITE_AFTER_BYTES = 4 * 1024 * 1024;

const UNREADABLE_SUFFIX = ".unreadable";

/** What is on disk of an entry. */
interface Written {
  readonly kept: KeptMessage;
  position: number;
  /** Where whoever reads it begins. */
  neededFrom: number;
  timer: NodeJS.Timeout | undefined;
  /** The disk took nothing the last time, which has been reported. */
  isRefused: boolean;
}

/**
 * Remembers over restarts and crashes too: for each session that is being delivered a file `<folder>/n-<node>/<session>`,
 * and its message beside it; for this user alone, since messages may hold secrets.
 */
export class FileResumeRegistry implements ResumeRegistry {
  readonly #folder: string;
  readonly #report: (sentence: string) => void;
  readonly #memory = new MemoryResumeRegistry();
  readonly #written = new Map<ResumeEntry, Written>();
  readonly #loaded = new Set<string>();

  constructor(folder: string, report: (sentence: string) => void) {
    this.#folder = folder;
    this.#report = report;
  }

  add(entry: ResumeEntry): void {
    this.#memory.add(entry);
    this.#written.set(entry, {
      kept: keepMessage(entry.message),
      position: 0,
      neededFrom: 0,
      timer: undefined,
      isRefused: false,
    });
    this.#write(entry, entry);
  }

  save(entry: ResumeEntry, maxRepeatedBytes: number): void {
    this.#memory.save(entry);
    const written = this.#written.get(entry);
    if (written === undefined) return;
    const maxUnwritten = Math.min(WRITE_AFTER_BYTES, maxRepeatedBytes);
    const write = () => this.#write(entry, forACrash(entry, maxUnwritten));
    if (entry.position - written.position >= maxUnwritten) write();
    else written.timer ??= setTimeout(write, WRITE_AFTER_MS).unref();
  }

  neededFrom(entry: ResumeEntry): number {
    return this.#written.get(entry)?.neededFrom ?? this.#memory.neededFrom(entry);
  }

  /** Everything, also what is pending: the next process goes on at the very byte. */
  settle(entry: ResumeEntry): void {
    if (this.#written.has(entry)) this.#write(entry, entry);
  }

  remove(entry: ResumeEntry): void {
    this.#memory.remove(entry);
    clearTimeout(this.#written.get(entry)?.timer);
    this.#written.delete(entry);
    try {
      rmSync(this.#path(entry), { force: true });
      rmSync(this.#path(entry) + MESSAGE_SUFFIX, { force: true });
    } catch (error) {
      const short = entry.sessionId.slice(0, 12);
      this.#report(`The end of session ${short} may be told again after a restart: ${errorText(error)}`);
    }
    if (this.#memory.entriesOf(entry.nodeId).length > 0) return;
    removeIfEmpty(this.#nodeFolder(entry.nodeId));
    removeIfEmpty(this.#folder);
  }

  entriesOf(nodeId: string): readonly ResumeEntry[] {
    if (!this.#loaded.has(nodeId)) this.#load(nodeId);
    return this.#memory.entriesOf(nodeId);
  }

  nodeIds(): readonly string[] {
    const onDisk = namesIn(this.#folder)
      .filter((name) => name.startsWith(NODE_PREFIX))
      .flatMap((name) => decodeNodeId(name.slice(NODE_PREFIX.length)) ?? []);
    return [...new Set([...this.#memory.nodeIds(), ...onDisk])];
  }

  #load(nodeId: string): void {
    this.#loaded.add(nodeId);
    const folder = this.#nodeFolder(nodeId);
    const names = namesIn(folder);
    for (const name of names) {
      const path = join(folder, name);
      if (name.endsWith(TEMPORARY_SUFFIX)) removeIfPossible(path);
      else if (name.endsWith(MESSAGE_SUFFIX)) {
        if (!names.includes(name.slice(0, -MESSAGE_SUFFIX.length))) removeIfPossible(path);
      } else if (!name.endsWith(UNREADABLE_SUFFIX)) this.#read(path);
    }
  }

  /** A file that cannot be read takes nothing else with it. */
  #read(path: string): void {
    try {
      const { entry, kept } = parseResumeFile(readFileSync(path), readFileSync(path + MESSAGE_SUFFIX));
      this.#memory.add(entry);
      const { position } = entry;
      this.#written.set(entry, { kept, position, neededFrom: position, timer: undefined, isRefused: false });
      if (kept.omitted.length === 0) return;
      const names = kept.omitted.map((name) => `msg.${name}`).join(", ");
      this.#report(
        `Session ${entry.sessionId.slice(0, 12)} goes on without ${names}, which no restart can keep.`,
      );
    } catch (error) {
      setAside(path);
      this.#report(`${path} does not tell which session to go on with: ${errorText(error)}`);
    }
  }

  #write(entry: ResumeEntry, content: ResumeEntry): void {
    const written = this.#written.get(entry);
    if (written === undefined) return;
    clearTimeout(written.timer);
    written.timer = undefined;
    written.position = entry.position;
    // Also if it cannot be written: a session does not wait for this disk.
    written.neededFrom = content.position;
    const path = this.#path(entry);
    try {
      makeFolder(this.#nodeFolder(entry.nodeId));
      // Once, unless somebody has deleted it.
      if (!existsSync(path + MESSAGE_SUFFIX)) writeWhole(path + MESSAGE_SUFFIX, written.kept.bytes);
      writeWhole(path, formatResumeFile(content, written.kept));
      written.isRefused = false;
    } catch (error) {
      // Once, however long the disk stays full.
      if (written.isRefused) return;
      written.isRefused = true;
      this.#report(
        `How far session ${entry.sessionId.slice(0, 12)} has been delivered could not be written down: ${errorText(error)}`,
      );
    }
  }

  #path({ nodeId, sessionId }: ResumeEntry): string {
    return join(this.#nodeFolder(nodeId), sessionId);
  }

  #nodeFolder(nodeId: string): string {
    return join(this.#folder, NODE_PREFIX + encodeURIComponent(nodeId));
  }
}

/** Makes whatever an id is a plain file name. */
const NODE_PREFIX = "n-";
const TEMPORARY_SUFFIX = ".tmp";
const MESSAGE_SUFFIX = ".message";

/** A file that is there is whole. */
function writeWhole(path: string, content: Buffer): void {
  try {
    writeFileSync(path + TEMPORARY_SUFFIX, content, { mode: 0o600 });
    renameSync(path + TEMPORARY_SUFFIX, path);
  } catch (error) {
    removeIfPossible(path + TEMPORARY_SUFFIX);
    throw error;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing has been written there yet, or it cannot be read, which the next write will tell.
    return [];
  }
}

/** Undefined: whoever made the folder, it was none of us. */
function decodeNodeId(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** So that it is not read again; on a disk that cannot be written it is, and is reported again. */
function setAside(path: string): void {
  try {
    renameSync(path, path + UNREADABLE_SUFFIX);
  } catch {}
}

/** Tidiness only. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

/** Tidiness only. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {}
}
