import { closeSync } from "node:fs";

/** What is used of node-pty: its native functions, which leave the file descriptors to their caller. */
export interface TerminalLibrary {
  /** A new pseudo-terminal; `master` does not block. */
  open(columns: number, rows: number): { readonly master: number; readonly slave: number };
  resize(master: number, columns: number, rows: number): void;
}

/** Gives the library, or the error that keeps it from being used here. */
export type TerminalLibraryLoader = () => Promise<TerminalLibrary | Error>;

/**
 * Loads node-pty, an optional dependency with a native part. Its own terminals are not used: they close the terminal 200 ms
 * after the process has ended whether or not all output has been read, start programs whose failed start cannot be told
 * from an exit with code 1, and leave the slave's file descriptor open.
 */
export async function loadTerminalLibrary(name = "node-pty"): Promise<TerminalLibrary | Error> {
  try {
    const module: unknown = await import(name);
    const library = findNative(module);
    assertWorks(library);
    return library;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function findNative(module: unknown): TerminalLibrary {
  const native = isObject(module) && (module.native ?? (isObject(module.default) && module.default.native));
  if (isObject(native) && typeof native.open === "function" && typeof native.resize === "function") {
    return native as unknown as TerminalLibrary;
  }
  throw new Error("this version of node-pty has no native.open and native.resize");
}

/** A library for another processor or another C library may load and fail only at its first use. */
function assertWorks(library: TerminalLibrary): void {
  const { master, slave } = library.open(TEST_COLUMNS, TEST_ROWS);
  try {
    library.resize(master, TEST_COLUMNS, TEST_ROWS);
  } finally {
    closeSync(master);
    closeSync(slave);
  }
}

const TEST_COLUMNS = 80;
const TEST_ROWS = 24;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
