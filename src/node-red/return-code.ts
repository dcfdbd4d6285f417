import type { EndReason, EndRecord, StartErrorKind } from "../session/exec-session.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { SignalName } from "../session/signals.ts";

/** `msg.rc`: how a session ended. `code`, `signal` and `message` are where Node-RED's own exec node has them. */
export interface ReturnCode {
  /** Null: nothing knows it. */
  readonly code: number | null;
  /** Absent: no signal ended the command, or the runtime does not tell. */
  readonly signal?: SignalName;
  /** Why the command never ran. Absent: it did run. */
  readonly message?: string;
  readonly startError?: StartErrorKind;
  readonly reason: EndReason;
  /** From start to end. Null: it never started, or nothing knows when it ended, since it is `lost`. */
  readonly durationMs: number | null;
  readonly startedAt: string | null;
  /** Of a `lost` session: when its end was noticed. */
  readonly endedAt: string;
  /** Absent: the session is gone, and with it its counts. */
  readonly stdoutBytes?: number;
  readonly stderrBytes?: number;
  /** Bytes of output that were dropped unread. 0: none. */
  readonly truncated: number;
  /** A descendant of the command still held the output open when reading was given up. */
  readonly heldOpen: boolean;
  /** Set if the session was removed before all of its output had been read: the last of it is missing. */
  readonly removed?: true;
}

/** `session` is the ended session, or null if it has been removed. */
export function createReturnCode(end: EndRecord, session: SessionInspect | null): ReturnCode {
  return {
    code: end.exitCode,
    ...(end.signal !== null && { signal: end.signal }),
    ...(end.startError !== null && { message: end.startError.text, startError: end.startError.kind }),
    reason: end.reason,
    durationMs: knownDurationMs(end),
    startedAt: end.startedAt,
    endedAt: end.endedAt,
    ...(session !== null && {
      stdoutBytes: session.output.stdoutBytes,
      stderrBytes: session.output.stderrBytes,
    }),
    truncated: end.truncated,
    heldOpen: end.heldOpen,
  };
}

function knownDurationMs({ reason, startedAt, endedAt }: EndRecord): number | null {
  if (startedAt === null || reason === "lost") return null;
  return Date.parse(endedAt) - Date.parse(startedAt);
}
