import { errorText, isSessionError } from "../session/session-error.ts";
import type { AnnouncedStore } from "./announced-store.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { HostSocket } from "./host-socket.ts";

/** Whoever deletes a folder deletes its contents one after the other, and is let finish. */
const SETTLE_MS = 50;
/** Where changes are not told, as on network file systems and of folders that others share, they are found so much later. */
const CHECK_MS = 2_000;

export interface HostPresenceParts {
  readonly stateDir: string;
  readonly store: Pick<AnnouncedStore, "restore">;
  readonly socket: HostSocket;
  readonly report: (sentence: string) => void;
  /** Told once: another process has the state directory, for good. */
  readonly onLost: () => void;
}

/**
 * Keeps a host where clients look for it: what somebody deletes of its state directory, or all of it, is made again. Prompt,
 * because a client that finds no host starts one.
 */
export class HostPresence {
  readonly #parts: HostPresenceParts;
  readonly #watch: FolderWatch;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #isPaused = true;
  #isLost = false;
  /** Something has changed since the last check. */
  #isTouched = false;
  /** What kept the last check from making everything good. */
  #trouble = "";

  constructor(parts: HostPresenceParts) {
    this.#parts = parts;
    this.#watch = new FolderWatch(parts.stateDir, () => this.#onChange());
  }

  /** From now on the host is to be found. */
  resume(): void {
    if (this.#isLost) return;
    this.#isPaused = false;
    this.#watch.renew();
    this.#checkIn(CHECK_MS);
  }

  /** Resolves when nothing is made again any more, until `resume()`. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    clearTimeout(this.#timer);
    this.#watch.close();
    await this.#checking;
  }

  #onChange(): void {
    if (this.#isTouched || this.#isPaused) return;
    this.#isTouched = true;
    this.#checkIn(SETTLE_MS);
  }

  #checkIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#checking = this.#checking.then(() => this.#check());
    }, delayMs).unref();
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    this.#isTouched = false;
    try {
      if (await this.#restore()) this.#parts.report(RESTORED);
      this.#trouble = "";
    } catch (error) {
      this.#tell(error);
    }
    if (!this.#isPaused) this.#checkIn(this.#isTouched ? SETTLE_MS : CHECK_MS);
  }

  /** False: nothing was missing. */
  async #restore(): Promise<boolean> {
    const { store, socket } = this.#parts;
    const wasTouched = await store.restore();
    const isThere = socket.isThere;
    if (!isThere) await socket.open();
    if (wasTouched || !isThere) this.#watch.renew();
    return wasTouched || !isThere;
  }

  /** Each trouble is said once, however long it lasts. */
  #tell(error: unknown): void {
    const { report, onLost } = this.#parts;
    const trouble = errorText(error);
    if (trouble !== this.#trouble) report(`Clients may not find this host: ${trouble}`);
    this.#trouble = trouble;
    if (!isSessionError(error) || error.code !== "EXEC_STATE_DIR_LOST") return;
    this.#isLost = true;
    this.#isPaused = true;
    this.#watch.close();
    onLost();
  }
}

const RESTORED = "Of the state directory something was missing, which has been made again.";
