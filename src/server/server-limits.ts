/** What clients may cost the server. */
export interface ServerLimits {
  /** Connections that are served at a time. */
  readonly maxConnections: number;
  /** How long a connection may take over a request's headers, or say nothing at all. */
  readonly headersTimeoutMs: number;
  /** How long a request's JSON may take. */
  readonly bodyTimeoutMs: number;
  /** How long a client may take nothing of an answer that is waiting for it. */
  readonly sendTimeoutMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  // Enough for hundreds of sessions with several readers each.
  maxConnections: 2048,
  // A client on the same machine needs milliseconds.
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  sendTimeoutMs: 30_000,
};

/** Of the files that a process may have open at once, clients get no more than this part: sessions and records need the others. */
const CLIENTS_PART = 2;
/** Connections that are told that they are too many, as a part of those that are not. */
export const REFUSED_PART = 8;

/** How many connections a process can serve that may have so many files open. Null: any number. */
export function connectionsWithin(fileLimit: number | null): number {
  const { maxConnections } = DEFAULT_LIMITS;
  if (fileLimit === null) return maxConnections;
  const forClients = fileLimit / CLIENTS_PART;
  return Math.min(maxConnections, Math.floor(forClients / (1 + 1 / REFUSED_PART)));
}
