import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { readHostFile } from "../api/host-file.ts";
import type { HostOptions } from "../api/host-options.ts";
import { hostSocketPath } from "../api/socket-path.ts";
import { makeStateDirectory } from "../api/state-directory.ts";
import { isErrno } from "../process/errno.ts";
import { isSameProcessAlive } from "../process/process-identity.ts";
import { isSessionError, SessionError } from "../session/session-error.ts";
import { connectToSocket } from "./connect-to-socket.ts";
import { type LaunchOptions, launchSessionHost } from "./launch-session-host.ts";
import { takeStartLock } from "./start-lock.ts";

/** Longer than a host may take to start, since another process may be starting one, and fail. */
const SERVED_TIMEOUT_MS = 60_000;
/** A host may hold the state directory a moment before and after it says so. */
const IN_USE_GRACE_MS = 2_000;
/** Short against the start of a host. */
const POLL_MS = 20;

/** Connects to the session host of a state directory, and starts one where there is none. */
export class HostDialer {
  readonly #host: HostOptions;
  readonly #launch: LaunchOptions;
  /** Where a host was last; to look anew takes as long as a short call. */
  #lastPath: string | undefined;
  #starting: Promise<void> | undefined;

  /** The state directory is made when it is first needed, and again if it has been deleted. */
  constructor(host: HostOptions, launch: LaunchOptions = {}) {
    this.#host = host;
    this.#launch = launch;
  }

  /** The state directory's real path. Throws EXEC_STATE_DIR_UNUSABLE. */
  get stateDir(): string {
    return makeStateDirectory(this.#host.stateDir);
  }

  /** Where the host listens, or will. */
  get socketPath(): string {
    return readHostFile(this.stateDir)?.socket ?? hostSocketPath(this.stateDir);
  }

  /**
   * A connection to the one host that the directory has. Throws what kept a host from starting; EXEC_STATE_DIR_IN_USE if
   * the directory's owner is no session host; EXEC_HOST_UNREACHABLE if its host does not begin to serve.
   */
  async connect(): Promise<Socket> {
    const begin = performance.now();
    for (;;) {
      const socket = await this.#connectIfServed();
      if (socket !== null) return socket;
      const waitedMs = performance.now() - begin;
      if (waitedMs > SERVED_TIMEOUT_MS) throw notServed(this.stateDir);
      try {
        this.#starting ??= this.#start().finally(() => {
          this.#starting = undefined;
        });
        await this.#starting;
      } catch (error) {
        const isOwned = isSessionError(error) && error.code === "EXEC_STATE_DIR_IN_USE";
        if (!isOwned || waitedMs > IN_USE_GRACE_MS) throw error;
        await wait(POLL_MS);
      }
    }
  }

  async #connectIfServed(): Promise<Socket | null> {
    const path = this.#lastPath ?? this.socketPath;
    const socket = await connectIfServed(path);
    this.#lastPath = socket === null ? undefined : path;
    return socket;
  }

  /** Starts a host unless there is one, or somebody else is at it; then waits a little. */
  async #start(): Promise<void> {
    const { stateDir } = this;
    const lock = await takeStartLock(stateDir);
    if (lock === null) return wait(POLL_MS);
    try {
      if (await isServed(this.socketPath)) return;
      const host = readHostFile(stateDir);
      // It is about to listen, or to leave.
      if (host !== null && isSameProcessAlive(host)) return await wait(POLL_MS);
      await launchSessionHost({ ...this.#host, stateDir }, this.#launch);
    } finally {
      await lock.release();
    }
  }
}

/** Null: nobody listens there. */
async function connectIfServed(path: string): Promise<Socket | null> {
  try {
    return await connectToSocket(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ECONNREFUSED")) return null;
    throw error;
  }
}

async function isServed(path: string): Promise<boolean> {
  const socket = await connectIfServed(path);
  socket?.destroy();
  return socket !== null;
}

function notServed(stateDir: string): SessionError {
  const pid = readHostFile(stateDir)?.pid;
  const who = pid === undefined ? "Whoever starts it" : `Process ${pid}`;
  return new SessionError(
    "EXEC_HOST_UNREACHABLE",
    `The session host for ${stateDir} does not begin to serve: ${who} has had ${SERVED_TIMEOUT_MS / 1000} s for it.`,
    { details: { stateDir, pid } },
  );
}
