import type { ContainerRoot } from "./container-root.ts";

/** A line of passwd(5). */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** More than any real file has, and little enough to read at every start; what comes behind is not seen. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** The container's users. No passwd file, or none that is a regular file: no users. */
export async function readUsers(root: ContainerRoot): Promise<readonly PasswdEntry[]> {
  return (await readLines(root, "/etc/passwd")).flatMap(parseUser);
}

/** The container's groups. No group file, or none that is a regular file: no groups. */
export async function readGroups(root: ContainerRoot): Promise<readonly GroupEntry[]> {
  return (await readLines(root, "/etc/group")).flatMap(parseGroup);
}

async function readLines(root: ContainerRoot, path: string): Promise<readonly (readonly string[])[]> {
  const content = await root.readFile(path, MAX_FILE_BYTES);
  return (content?.toString("utf8") ?? "").split("\n").map((line) => line.split(":"));
}

function parseUser([name, , uid, gid, , home]: readonly string[]): PasswdEntry[] {
  const ids = { uid: parseId(uid), gid: parseId(gid) };
  if (!name || ids.uid === undefined || ids.gid === undefined) return [];
  return [{ name, uid: ids.uid, gid: ids.gid, home: home ?? "" }];
}

function parseGroup([name, , gid, members]: readonly string[]): GroupEntry[] {
  const id = parseId(gid);
  if (!name || id === undefined) return [];
  return [{ name, gid: id, members: (members ?? "").split(",").map((member) => member.trim()) }];
}

/** A user's or group's number as text. Undefined: it is none, or none that a process can have. */
export function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}

/** The kernel takes 2^32-1 for "no change"; the OCI runtimes' parsers end at 2^31-1. */
const MAX_ID = 2 ** 31 - 1;
