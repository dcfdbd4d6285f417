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
