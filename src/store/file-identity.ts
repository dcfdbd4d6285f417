import { lstatSync } from "node:fs";

/**
 * Tells a file or folder from another one that has its path, and maybe its inode number, later; a link is not followed.
 * Null: there is none.
 */
export function readFileIdentity(path: string): string | null {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`;
}
