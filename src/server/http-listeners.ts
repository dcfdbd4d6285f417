import type { Socket } from "node:net";

/** The events of a connection that Node's HTTP server listens to. */
const EVENTS = ["data", "end", "close", "drain", "error", "timeout"] as const;

type Listener = (...args: unknown[]) => void;

const httpListeners = new WeakMap<Socket, ReadonlyMap<string, readonly Listener[]>>();

/** Takes note of how a new connection is tied to the HTTP server. To be called before anybody else listens to it. */
export function rememberHttpListeners(socket: Socket): void {
  const listeners = EVENTS.map((event) => [event, socket.listeners(event) as Listener[]] as const);
  httpListeners.set(socket, new Map(listeners));
}

/**
 * Unties a connection, between a request and its answer, from the HTTP server, which goes no further than to do so for
 * requests that ask for an upgrade, and then does the same.
 */
export function leaveHttp(socket: Socket): void {
  for (const [event, listeners] of httpListeners.get(socket) ?? []) {
    for (const listener of listeners) socket.off(event, listener);
  }
}
