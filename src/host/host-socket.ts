import { renameSync, rmSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { ApiServer } from "../server/api-server.ts";
import { readFileIdentity } from "../store/file-identity.ts";

const HIDDEN_SUFFIX = ".leaving";

/**
 * The socket under which clients find the host. Anybody may delete it or put another in its place, so it is moved only while
 * it is this host's. A socket listens under whatever name it has.
 */
export class HostSocket {
  readonly #path: string;
  readonly #server: ApiServer;
  readonly #user: number | null;
  /** All that this host has made. */
  readonly #identities = new Set<string | null>();
  #isHidden = false;

  /** `user` may use it as well. Null: nobody but the host's own user. */
  constructor(path: string, server: ApiServer, user: number | null = null) {
    this.#path = path;
    this.#server = server;
    this.#user = user;
  }

  /** Begins to listen; connections that there are stay. Throws EXEC_SOCKET_UNUSABLE. */
  async open(): Promise<void> {
    // A host that was killed while it was leaving has left it.
    this.#removeHidden();
    await this.#server.listen(this.#path, this.#user);
    this.#identities.add(readFileIdentity(this.#path));
  }

  /** Whether clients that look for the host find this one. */
  get isThere(): boolean {
    const identity = readFileIdentity(this.#path);
    return identity !== null && this.#identities.has(identity);
  }

  /**
   * Takes it out of clients' sight, who then find no host there. Resolves once those who had found it before are connected.
   * Throws where the folder may not be changed.
   */
  async hide(): Promise<void> {
    if (this.isThere) {
      renameSync(this.#path, this.#path + HIDDEN_SUFFIX);
      this.#isHidden = true;
    }
    // Connections that the kernel has taken become known in the next round of the event loop.
    await setImmediate();
    await setImmediate();
  }

  /** The opposite, when the host stays after all. */
  show(): void {
    if (!this.#isHidden) return;
    this.#isHidden = false;
    try {
      renameSync(this.#path + HIDDEN_SUFFIX, this.#path);
    } catch {
      // Somebody has deleted it: then it is not there, which is found and made good like any other time.
    }
  }

  /** Deletes it where it is hidden. */
  remove(): void {
    if (this.#isHidden) this.#removeHidden();
  }

  #removeHidden(): void {
    rmSync(this.#path + HIDDEN_SUFFIX, { force: true });
  }
}
