import * as fs from "node:fs";
import { join } from "node:path";
import { deleteTree } from "./delete-tree.ts";
import { systemCode, systemReason } from "./store-error.ts";

/** Deletes what has been moved out of the way. */
export class Trash {
  readonly #report: (sentence: string) => void;
  #folders: string[] = [];
  #timer: NodeJS.Immediate | undefined;

  /** `report` is told, in one sentence each, what cannot be deleted when nobody waits for that any more. */
  constructor(report: (sentence: string) => void) {
    this.#report = report;
  }

  /**
   * Deletes a folder or file. A folder without folders in it, as of a session without output, is deleted by the next
   * `empty()`, at the latest in the next turn of the event loop: that takes 0.4 ms on ext4, a sixth of what a short session
   * adds to its command.
   */
  async delete(path: string): Promise<void> {
    if (!isFlatFolder(path)) return deleteTree(path);
    this.#folders.push(path);
    this.#timer ??= setImmediate(() => this.empty());
  }

  /** Deletes what has been left for later. To be called before anything else is written, which may need the room. */
  empty(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    for (const path of this.#folders.splice(0)) this.#deleteNow(path);
  }

  #deleteNow(path: string): void {
    try {
      for (const name of fs.readdirSync(path)) fs.unlinkSync(join(path, name));
      fs.rmdirSync(path);
    } catch (error) {
      // Someone else was faster.
      if (systemCode(error) === "ENOENT") return;
      this.#report(
        `${path}, of a session that has been removed, will be deleted when its state directory is opened next: ${systemReason(error)}`,
      );
    }
  }
}

/** Not if it cannot be looked at: whoever deletes it says why. */
function isFlatFolder(path: string): boolean {
  try {
    return fs.readdirSync(path, { withFileTypes: true }).every((entry) => entry.isFile());
  } catch {
    return false;
  }
}
