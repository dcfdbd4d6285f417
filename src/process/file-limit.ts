import { readFileSync } from "node:fs";

/** How many files and connections this process may have open at once. Null: no limit, or none that can be told. */
export function readFileLimit(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    // Not on every system that is like Linux in the rest.
    return null;
  }
}
