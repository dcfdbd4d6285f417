import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { TerminalSize } from "../session/terminal-size.ts";
import type { TerminalLibrary } from "./terminal-library.ts";

/** From linux/fcntl.h: a handle for a path, without opening what is there. */
const O_PATH = 0o10000000;
/** The kernel's device numbers for the slaves of pseudo-terminals, from linux/major.h. */
const FIRST_PTS_MAJOR = 136;
const LAST_PTS_MAJOR = 143;
/** Twelve bits above the lowest eight. */
const MAJOR_SHIFT = 8;
const MAJOR_MASK = 0xfff;
const STANDARD_FDS = [0, 1, 2];

/**
 * Gives the terminal on a process's standard streams a new size; the kernel then tells its foreground programs. False:
 * the process has none, is gone, or is not ours to look into.
 */
export function resizeTerminalOf(
  pid: number,
  library: TerminalLibrary,
  { columns, rows }: TerminalSize,
): boolean {
  return STANDARD_FDS.some((fd) =>
    withTerminal(`/proc/${pid}/fd/${fd}`, (slave) => library.resize(slave, columns, rows)),
  );
}

/** The process chooses what its descriptors are, so nothing is opened before it is known to be a pseudo-terminal. */
function withTerminal(path: string, use: (fd: number) => void): boolean {
  return withFile(path, O_PATH, (handle) => {
    if (!isTerminalSlave(handle)) return false;
    const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
    return withFile(`/proc/self/fd/${handle}`, flags, (fd) => {
      use(fd);
      return true;
    });
  });
}

function withFile(path: string, flags: number, use: (fd: number) => boolean): boolean {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch {
    return false;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function isTerminalSlave(fd: number): boolean {
  const stats = fstatSync(fd);
  const major = (stats.rdev >> MAJOR_SHIFT) & MAJOR_MASK;
  return stats.isCharacterDevice() && major >= FIRST_PTS_MAJOR && major <= LAST_PTS_MAJOR;
}
