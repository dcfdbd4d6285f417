import { closeSync, fchownSync } from "node:fs";
import type { Writable } from "node:stream";
import { ReadStream } from "node:tty";
import type { TerminalSize } from "../session/terminal-size.ts";
import type { StreamOwner } from "./program-streams.ts";
import { TerminalInput } from "./terminal-input.ts";
import type { TerminalLibrary } from "./terminal-library.ts";
import { TerminalOutput } from "./terminal-output.ts";

export interface TerminalOptions {
  readonly library: TerminalLibrary;
  readonly size: TerminalSize;
  /** Passes all bytes as they are, for a program that has a terminal of its own behind this one. */
  readonly raw: boolean;
  /** Who may open the terminal by its path. Absent: this process's user. */
  readonly owner?: StreamOwner;
}

/**
 * The terminals that are open. node-pty opens them without O_CLOEXEC, and Node.js offers no way to set it later, so every
 * program that this process starts would inherit the terminals of all sessions.
 */
const inheritableFds = new Set<number>();

/** File descriptors that must not reach a started program. */
export function listInheritableFds(): readonly number[] {
  return [...inheritableFds];
}

/** A pseudo-terminal: its master here, its slave for a program. */
export class Terminal {
  /** What the program gets as its standard streams. Closed by {@link closeSlave}. */
  readonly slaveFd: number;
  readonly input: Writable;
  /** Ends when no process has the slave open any more. */
  readonly output: TerminalOutput;
  readonly #masterFd: number;
  readonly #source: ReadStream;
  readonly #library: TerminalLibrary;
  #isSlaveClosed = false;

  constructor({ library, size, raw, owner }: TerminalOptions) {
    const { master, slave } = library.open(size.columns, size.rows);
    inheritableFds.add(master).add(slave);
    if (owner) fchownSync(slave, owner.uid, owner.gid);
    const source = new ReadStream(master);
    source.setRawMode(raw);
    source.once("close", () => inheritableFds.delete(master));
    this.slaveFd = slave;
    this.input = new TerminalInput(master, source);
    this.output = new TerminalOutput(source);
    this.#masterFd = master;
    this.#source = source;
    this.#library = library;
  }

  /** From then on the end of the output can be seen. */
  closeSlave(): void {
    if (this.#isSlaveClosed) return;
    this.#isSlaveClosed = true;
    inheritableFds.delete(this.slaveFd);
    closeSync(this.slaveFd);
  }

  /** Does nothing once the terminal has closed. */
  resize({ columns, rows }: TerminalSize): void {
    // A destroyed source has closed the master, whose number may belong to another file by now.
    if (!this.#source.destroyed) this.#library.resize(this.#masterFd, columns, rows);
  }

  /** Closes both ends; who still has the slave open is hung up on. */
  release(): void {
    this.closeSlave();
    this.#source.destroy();
    this.input.destroy();
    this.output.destroy();
  }
}
