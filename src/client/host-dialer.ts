import { setTimeout as wait } from "node:timers/promises";
import { type HostFile, readHostFile } from "../api/host-file.ts";
import type { HostOptions } from "../api/host-options.ts";
import { hostSocketPath } from "../api/socket-path.ts";
import { findStateDirectory, makeStateDirectory } from "../api/state-directory.ts";
import { isErrno } from "../process/errno.ts";
import { isSessionError, SessionError } from "../session/session-error.ts";
import { findLivingOwner } from "../store/living-owner.ts";
import type { OwnerClaim } from "../store/owner-claim.ts";
import { stateDirInUse } from "../store/store-error.ts";
import { connectToSocket } from "./connect-to-socket.ts";
import { explainRefusal } from "./foreign-directory.ts";
import { brokenConnection } from "./host-failure.ts";
import { type LaunchOptions, launchSessionHost } from "./launch-session-host.ts";
import type { SharedReadSocket } from "./shared-read-socket.ts";
import { takeStartLock } from "./start-lock.ts";
import { mayStartHost, NEVER_START } from "./start-policy.ts";

/** Longer than a host may take to start, since another process may be starting one, and fail. */
const SERVED_TIMEOUT_MS = 60_000;
/** Where others start the host: a service manager has done that after some seconds, also on a small computer. */
const OTHERS_TIMEOUT_MS = 15_000;
/** A host may hold the state directory a moment before and after it says so. */
const IN_USE_GRACE_MS = 2_000;
/** Short against the start of a host. */
const POLL_MS = 20;

/** Connects to the session host of a state directory, and starts one where there is none. */
export class HostDialer {
  readonly #host: HostOptions;
  readonly #launch: LaunchOptions;
  readonly #mayStart = mayStartHost();
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
    const find = this.#mayStart ? makeStateDirectory : findStateDirectory;
    return find(this.#host.stateDir);
  }

  /** Where the host listens, or will. */
  get socketPath(): string {
    return readHostFile(this.stateDir)?.socket ?? hostSocketPath(this.stateDir);
  }

  /**
   * A connection to the one host that the directory has. Throws what kept a host from starting; EXEC_STATE_DIR_IN_USE if
   * the directory's owner is no session host; EXEC_HOST_UNREACHABLE if its host does not begin to serve;
   * EXEC_STATE_DIR_UNUSABLE if the directory is another user's who keeps this one out.
   */
  async connect(): Promise<SharedReadSocket> {
    try {
      return await this.#connect();
    } catch (error) {
      throw explainRefusal(this.#host.stateDir, error);
    }
  }

  async #connect(): Promise<SharedReadSocket> {
    const begin = performance.now();
    for (;;) {
      const socket = await this.#connectIfServed();
      if (socket !== null) return socket;
      const waitedMs = performance.now() - begin;
      if (waitedMs > this.#timeoutMs) throw this.#notServed();
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

  get #timeoutMs(): number {
    return this.#mayStart ? SERVED_TIMEOUT_MS : (this.#launch.othersTimeoutMs ?? OTHERS_TIMEOUT_MS);
  }

  async #connectIfServed(): Promise<SharedReadSocket | null> {
    const path = this.#lastPath ?? this.socketPath;
    const socket = await connectIfServed(path);
    this.#lastPath = socket === null ? undefined : path;
    return socket;
  }

  /** Starts a host unless there is one, or somebody else is at it; then waits a little. */
  async #start(): Promise<void> {
    if (!this.#mayStart) return wait(POLL_MS);
    const { stateDir } = this;
    const lock = await takeStartLock(stateDir);
    if (lock === null) return wait(POLL_MS);
    try {
      if (await isServed(this.socketPath)) return;
      const owner = await findLivingOwner(stateDir);
      if (owner === null) {
        await launchSessionHost({ ...this.#host, stateDir }, this.#launch);
      } else {
        assertHost(owner.claim, stateDir);
        // It is about to listen, or to leave.
        await wait(POLL_MS);
      }
    } finally {
      await lock.release();
    }
  }

  #notServed(): SessionError {
    const { stateDir, socketPath } = this;
    const pid = readHostFile(stateDir)?.pid;
    const seconds = this.#timeoutMs / 1000;
    const starter = pid === undefined ? "Whoever starts it" : `Process ${pid}`;
    const sentence = this.#mayStart
      ? `The session host for ${stateDir} does not begin to serve on ${socketPath}: ${starter} has had ${seconds} s for it.`
      : `No session host for ${stateDir} has begun to serve within ${seconds} s, and this process starts none because of ${NEVER_START} in its environment: start the service or the container that runs it.`;
    return new SessionError("EXEC_HOST_UNREACHABLE", sentence, {
      details: { stateDir, socket: socketPath, pid },
    });
  }
}

/** Throws EXEC_STATE_DIR_IN_USE unless a directory's owner is its session host. */
function assertHost(owner: OwnerClaim | null, stateDir: string): void {
  const host = readHostFile(stateDir);
  if (host === null || owner === null || !isSameProcess(host, owner)) throw stateDirInUse(stateDir, owner);
}

function isSameProcess(host: HostFile, owner: OwnerClaim): boolean {
  return (["pid", "startTime", "bootId", "pidNamespace"] as const).every((key) => host[key] === owner[key]);
}

/** Null: nobody listens there. */
async function connectIfServed(path: string): Promise<SharedReadSocket | null> {
  try {
    return await connectToSocket(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ECONNREFUSED")) return null;
    throw brokenConnection(path, error, false);
  }
}

async function isServed(path: string): Promise<boolean> {
  const socket = await connectIfServed(path);
  socket?.destroy();
  return socket !== null;
}
