import type { HostOptions } from "../api/host-options.ts";
import { packageVersion } from "../api/package-version.ts";
import { readFileLimit } from "../process/file-limit.ts";
import { type ApiServer, createApiServer } from "../server/api-server.ts";
import type { ContainerDirectory } from "../server/container-directory.ts";
import { connectionsWithin } from "../server/server-limits.ts";
import { waitAtMost } from "../session/bounded-wait.ts";
import { errorText } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import type { AnnouncedStore } from "./announced-store.ts";
import { HostPresence } from "./host-presence.ts";
import { HostSocket } from "./host-socket.ts";
import { IdleWatch } from "./idle-watch.ts";
import { runningSessions, stopSessions } from "./stop-sessions.ts";

/** What clients that are still there at a stop get to take in how their sessions have ended. */
const LEAVE_TAKING_MS = 1_000;
const MS_PER_SECOND = 1_000;

export interface SessionHostParts {
  readonly options: Pick<HostOptions, "stateDir" | "idleSeconds" | "onStop" | "socketUser">;
  readonly store: Pick<AnnouncedStore, "restore">;
  readonly service: SessionService;
  readonly containers: ContainerDirectory;
  readonly socket: string;
  readonly report: (sentence: string) => void;
}

const INTENTS = {
  stop: "running sessions, which are stopped",
  keep: "running sessions, which are kept without their output and exit codes",
};

/** Gives a session service to other processes, as long as anybody needs it or until it is told to stop. */
export class SessionHost {
  readonly #parts: SessionHostParts;
  readonly #server: ApiServer;
  readonly #socket: HostSocket;
  readonly #presence: HostPresence;
  readonly #watch: IdleWatch;
  readonly #left = Promise.withResolvers<void>();
  readonly #deserted = Promise.withResolvers<void>();
  readonly #impatience = new AbortController();
  #isStopping = false;
  #hasLeft = false;
  /** Ways to leave are gone one after the other. */
  #leaving: Promise<void> = Promise.resolve();

  constructor(parts: SessionHostParts) {
    const { options, service, store, containers, socket, report } = parts;
    this.#parts = parts;
    this.#server = createApiServer(service, {
      containers,
      packageVersion: packageVersion(),
      report,
      limits: { maxConnections: connectionsWithin(readFileLimit()) },
      onConnections: (count) => this.#onConnections(count),
    });
    this.#socket = new HostSocket(socket, this.#server, options.socketUser);
    this.#presence = new HostPresence({
      stateDir: options.stateDir,
      store,
      socket: this.#socket,
      report,
      onLost: () => this.#retire(),
    });
    this.#watch = new IdleWatch({
      idleMs: options.idleSeconds === null ? null : options.idleSeconds * MS_PER_SECOND,
      isBusy: () => this.#isBusy(),
      onIdle: () => this.#leave(() => this.#leaveIfIdle()),
    });
  }

  /** Settles when all has been let go of. Never rejects. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  /** Begins to serve. Throws EXEC_SOCKET_UNUSABLE. */
  async open(): Promise<void> {
    await this.#socket.open();
    this.#presence.resume();
    this.#watch.touch();
    void this.#followEvents();
  }

  /** From now on the first moment without running sessions and clients is enough to leave. */
  leaveWhenIdle(reason: string): void {
    this.#parts.report(`${reason}: leaves as soon as no session runs and no client is connected.`);
    this.#watch.hasten();
  }

  /** Stops or keeps the running sessions, as the options say, and leaves. Called again, it kills what is being stopped. */
  stop(reason: string): void {
    if (this.#isStopping) {
      this.#parts.report(`${reason} again: commands that are being stopped are killed.`);
      this.#impatience.abort();
    } else {
      this.#isStopping = true;
      this.#leave(() => this.#stop(reason));
    }
  }

  #retire(): void {
    this.#server.retire();
    this.leaveWhenIdle("Has lost its state directory");
  }

  #onConnections(count: number): void {
    this.#watch.touch();
    if (count === 0 && this.#isStopping) this.#deserted.resolve();
  }

  async #followEvents(): Promise<void> {
    for await (const _ of this.#parts.service.events()) this.#watch.touch();
  }

  async #isBusy(): Promise<boolean> {
    return this.#server.connectionCount > 0 || (await runningSessions(this.#parts.service)).length > 0;
  }

  #leave(way: () => Promise<void>): void {
    this.#leaving = this.#leaving.then(async () => {
      if (this.#hasLeft) return;
      await way().catch((error) => this.#parts.report(`Leaving failed: ${errorText(error)}`));
    });
  }

  /** A client that finds the socket while it is being taken away finds a host that stays. */
  async #leaveIfIdle(): Promise<void> {
    const isFound = !(await this.#disappear());
    if (isFound || (await this.#isBusy())) {
      this.#socket.show();
      this.#presence.resume();
      this.#watch.touch();
      return;
    }
    this.#parts.report("Leaves: no session runs and no client is connected.");
    await this.#close();
  }

  async #stop(reason: string): Promise<void> {
    const { options, service, report } = this.#parts;
    const stopAll = async () => {
      if (options.onStop === "stop")
        await stopSessions(service, { impatience: this.#impatience.signal, report });
    };
    const { length } = await runningSessions(service);
    report(`${reason}: ${INTENTS[options.onStop]}: ${length}.`);
    await this.#disappear();
    // Whoever has a connection from before would begin sessions that end at once; the next host is the place for them.
    this.#server.retire();
    await stopAll();
    if (this.#server.connectionCount > 0) await waitAtMost(this.#deserted.promise, LEAVE_TAKING_MS);
    await this.#close(stopAll);
  }

  /** False: the folder may not be changed, so clients still find the socket. */
  async #disappear(): Promise<boolean> {
    await this.#presence.pause();
    try {
      await this.#socket.hide();
      return true;
    } catch (error) {
      this.#parts.report(`The socket cannot be hidden from clients: ${errorText(error)}`);
      return false;
    }
  }

  /** Whatever fails, the rest is let go of, too. `atLast` is for what calls that were under way have begun. */
  async #close(atLast: () => Promise<void> = async () => {}): Promise<void> {
    const { service, report } = this.#parts;
    this.#hasLeft = true;
    this.#watch.close();
    const server = () => this.#server.close();
    for (const close of [server, () => this.#socket.remove(), atLast, () => service.close()]) {
      await Promise.resolve()
        .then(close)
        .catch((error) => report(`Not let go of in good order: ${errorText(error)}`));
    }
    this.#left.resolve();
  }
}
