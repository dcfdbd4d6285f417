import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian keeps programs for root; users' PATHs often lack them. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/sbin"];

/** The PATH with the folders of system programs added where it lacks them. */
export function systemPath(path = process.env.PATH ?? "") {
  const folders = path.split(delimiter);
  return [...folders, ...SYSTEM_FOLDERS.filter((folder) => !folders.includes(folder))].join(delimiter);
}

/** The full path of a program, or undefined. */
export function findProgram(name) {
  return systemPath()
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
