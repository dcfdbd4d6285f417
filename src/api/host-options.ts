import * as z from "zod";
import { SessionError } from "../session/session-error.ts";

/** A longer time would not fit a timer. */
const MAX_IDLE_SECONDS = 2_147_483;
/** Long enough for a flow that runs every minute to find its host there; a host that nobody needs costs no memory for long. */
export const DEFAULT_IDLE_SECONDS = 120;

export const policySchema = z.enum(["stop", "keep"]);

const hostOptionsSchema = z.strictObject({
  stateDir: z.string().min(1),
  /** The host leaves after so many seconds without running sessions and clients. Null: never. Absent: 120. */
  idleSeconds: z.number().positive().max(MAX_IDLE_SECONDS).nullable().default(DEFAULT_IDLE_SECONDS),
  /** Told to end, it stops its running sessions, or leaves them running without output and exit code. Absent: `stop`. */
  onStop: policySchema.default("stop"),
  /** The uid of another user who may use the socket, and so the host's rights. Absent or null: nobody. */
  socketUser: z.int().min(0).nullable().default(null),
  /**
   * Commands that outlived a host that was killed are killed, or run on and end as `lost`. Absent: as that host had it, for
   * whoever starts the next one may know nothing of it; `keep` where no host was killed.
   */
  orphans: policySchema.optional(),
});

/** How a session host behaves, with every default filled in. */
export type HostOptions = Readonly<z.output<typeof hostOptionsSchema>>;
/** What a caller may give: only `stateDir` is required. */
export type HostOptionsInput = Readonly<z.input<typeof hostOptionsSchema>>;

/** Checks a host's options; throws EXEC_INVALID_ARGUMENT, naming the first bad one. */
export function parseHostOptions(raw: unknown): HostOptions {
  const parsed = hostOptionsSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") || "options";
  throw new SessionError("EXEC_INVALID_ARGUMENT", `The host's "${field}" is wrong: ${issue?.message}.`, {
    details: { field },
  });
}
