import * as z from "zod";
import { API_VERSION } from "./api-version.ts";
import { wireErrorSchema } from "./wire-error.ts";

/**
 * What a connection is upgraded to that carries any number of calls at a time, a line each. A call costs a quarter of what
 * it does in a request of its own, most of which is the HTTP of Node.js.
 */
export const CALLS_PROTOCOL = `exec-session-calls/${API_VERSION}`;

/** A call that has not been answered is known by its number, which its client chooses. */
const number = z.int().min(0);

/** What a client says, a JSON text a line. */
export const clientLineSchema = z.union([
  z.strictObject({
    id: number,
    method: z.string(),
    /** With its query. */
    path: z.string(),
    /** As JSON, not as a text. Absent: none. */
    body: z.unknown().optional(),
  }),
  /** Nobody waits for the answer to this call any more. It is given nevertheless, when there is one. */
  z.strictObject({ cancel: number }),
]);
export type ClientLine = z.output<typeof clientLineSchema>;
export type CallLine = Extract<ClientLine, { readonly id: number }>;

/** What the host says, a JSON text a line. */
export const hostLineSchema = z.union([
  z.object({ id: number, status: z.int(), json: z.unknown().optional() }),
  /** The next calls are to be made on another connection. Those under way are still answered. */
  z.object({ retired: z.literal(true) }),
  /** The client has broken the rules; nothing follows. */
  z.object({ error: wireErrorSchema }),
]);
export type HostLine = z.output<typeof hostLineSchema>;
