import { SessionError, showValue } from "../session/session-error.ts";
import type { ContainerRoot } from "./container-root.ts";
import { type GroupEntry, parseId, readGroups, readUsers } from "./user-database.ts";

/** Whom a process runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** A requested user as the container knows it. */
export interface FoundUser extends ProcessUser {
  /** Null: the container has no such user, only the number. */
  readonly home: string | null;
}

export interface UserRequest {
  readonly root: ContainerRoot;
  /** `name|uid[:group|gid]`, not empty. */
  readonly user: string;
  /** For error sentences. */
  readonly container: string;
}

/**
 * Looks a user up in the container's passwd and group files, as Podman and Docker do: numbers need not be listed, a user
 * that is has all its groups, and a group that is asked for replaces these. Throws EXEC_USER_NOT_FOUND, EXEC_GROUP_NOT_FOUND.
 */
export async function findUser({ root, user, container }: UserRequest): Promise<FoundUser> {
  const [name = "", group] = user.split(":");
  const found = await resolveName(root, name, container);
  if (group !== undefined) {
    const gid = findGroupId(await readGroups(root), group, container);
    return { uid: found.uid, gid, home: found.home, additionalGids: [gid] };
  }
  const memberships = found.name === null ? [] : await listMemberships(root, found.name);
  const additionalGids = [...new Set([found.gid, ...memberships])].sort((a, b) => a - b);
  return { uid: found.uid, gid: found.gid, home: found.home, additionalGids };
}

/** The home of a user by number. Null: the container has no such user, or it has no home. */
export async function findHome(root: ContainerRoot, uid: number): Promise<string | null> {
  const users = await readUsers(root);
  return users.find((user) => user.uid === uid)?.home || null;
}

interface NamedUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string | null;
  readonly name: string | null;
}

async function resolveName(root: ContainerRoot, name: string, container: string): Promise<NamedUser> {
  const uid = parseId(name);
  const users = await readUsers(root);
  const entry = users.find((user) => user.name === name || user.uid === uid);
  if (entry !== undefined) return entry;
  // A number without an entry has no group of its own; the group's number is then 0, as in Podman and Docker.
  if (uid !== undefined) return { uid, gid: 0, home: null, name: null };
  throw new SessionError(
    "EXEC_USER_NOT_FOUND",
    `Container ${container} has no user ${showValue(name)}; allowed are the names in its /etc/passwd and numbers.`,
    { details: { field: "user", user: name, container } },
  );
}

function findGroupId(groups: readonly GroupEntry[], wanted: string, container: string): number {
  const number = parseId(wanted);
  const gid = groups.find((group) => group.name === wanted || group.gid === number)?.gid ?? number;
  if (gid !== undefined) return gid;
  throw new SessionError(
    "EXEC_GROUP_NOT_FOUND",
    `Container ${container} has no group ${showValue(wanted)}; allowed are the names in its /etc/group and numbers.`,
    { details: { field: "user", group: wanted, container } },
  );
}

async function listMemberships(root: ContainerRoot, name: string): Promise<number[]> {
  const groups = await readGroups(root);
  return groups.filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
}
