import { type FSWatcher, watch } from "node:fs";

/** Tells when something is made, deleted or moved in a folder, or the folder itself is. */
export class FolderWatch {
  readonly #path: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;

  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
    this.renew();
  }

  /** Watches the folder that has the path now. */
  renew(): void {
    this.close();
    try {
      this.#watcher = watch(this.#path, { persistent: false }, (event) => {
        if (event === "rename") this.#onChange();
      });
      this.#watcher.on("error", () => this.close());
    } catch {
      // There may be no such folder, and users have only so many watches: whoever has this one also looks now and then.
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
