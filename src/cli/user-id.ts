import { spawnSync } from "node:child_process";

/** The number of a user of this machine, given by name or number. Undefined: there is no user of this name. */
export function findUserId(user: string): number | undefined {
  if (NUMBER.test(user)) return Number(user);
  // It knows all users that the system knows, also those that are in no file.
  const { status, stdout } = spawnSync("id", ["-u", "--", user], { encoding: "utf8" });
  return status === 0 && NUMBER.test(stdout.trim()) ? Number(stdout) : undefined;
}

const NUMBER = /^\d+$/;
