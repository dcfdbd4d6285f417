import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { makeFolder } from "../store/make-folder.ts";
import { stateDirUnusable } from "../store/store-error.ts";

/** The session host's own log; what it says on standard error goes there, too. */
export const HOST_LOG = "host.log";
/** Whoever starts a host owns this folder meanwhile. */
export const START_FOLDER = "start";

/**
 * Makes a state directory unless it is there; gives its real path, so that host and clients mean the same one. Throws
 * EXEC_STATE_DIR_UNUSABLE.
 */
export function makeStateDirectory(path: string): string {
  try {
    makeFolder(path);
    return realpathSync(path);
  } catch (cause) {
    throw stateDirUnusable(path, cause);
  }
}

/** The real path of a state directory that others make; the path that it will have if it is not there yet. */
export function findStateDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
