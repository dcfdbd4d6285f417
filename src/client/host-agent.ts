import type { Duplex } from "node:stream";
import { http } from "../api/node-http.ts";
import type { SharedReadSocket } from "./shared-read-socket.ts";

/** An idle connection is closed long before the host would, so that no call is sent on one that is just being closed. */
const IDLE_TIMEOUT_MS = 4_000;
/** Idle connections that are kept; a burst of calls opens more. */
const MAX_IDLE_CONNECTIONS = 8;

/** Keeps connections for the next call. They keep no process alive while they are idle. */
export class HostAgent extends http.Agent {
  readonly #connect: () => Promise<SharedReadSocket>;

  constructor(connect: () => Promise<SharedReadSocket>) {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS, timeout: IDLE_TIMEOUT_MS });
    this.#connect = connect;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#connect().then(
      (socket) => callback?.(null, socket),
      // Node's own agent gives no stream either when there is none.
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
  }
}
