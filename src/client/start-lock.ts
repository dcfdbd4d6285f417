import { join } from "node:path";
import { START_FOLDER } from "../api/state-directory.ts";
import { isSessionError } from "../session/session-error.ts";
import { makeFolder } from "../store/make-folder.ts";
import { StateDirectoryLock } from "../store/state-directory-lock.ts";
import { stateDirUnusable } from "../store/store-error.ts";

/**
 * The right to start a state directory's host, which one process at the most has; until `release()`, or the process's end.
 * Null: another one, or another caller in this process, has it. Throws EXEC_STATE_DIR_UNUSABLE.
 */
export async function takeStartLock(stateDir: string): Promise<StateDirectoryLock | null> {
  const folder = join(stateDir, START_FOLDER);
  const lock = new StateDirectoryLock(folder);
  try {
    makeFolder(folder);
    await lock.acquire();
    return lock;
  } catch (error) {
    // Best effort, while the true error is on its way.
    await lock.release().catch(() => {});
    if (!isSessionError(error)) throw stateDirUnusable(stateDir, error);
    if (error.code === "EXEC_STATE_DIR_IN_USE") return null;
    throw error;
  }
}
