import * as z from "zod";
import { SessionError } from "../session/session-error.ts";
import type { AttachmentEnd } from "../session/session-service.ts";
import { API_VERSION } from "./api-version.ts";
import type { FrameLimits } from "./frame.ts";
import { endRecordSchema } from "./session-schemas.ts";
import { wireErrorSchema } from "./wire-error.ts";

/** What a connection is upgraded to for an attachment of ours. */
export const ATTACH_PROTOCOL = `exec-session-attachment/${API_VERSION}`;

/** Names the attached session by its full id, in the answer to the upgrade. */
export const SESSION_ID_HEADER = "exec-sessions-id";

const KIB = 1024;

/** Input that a client may have sent and the command not yet taken: the host keeps no more of it in memory. */
export const INPUT_WINDOW_BYTES = 256 * KIB;
/** The same for pieces of input, since an empty one has no bytes to count. */
export const INPUT_WINDOW_PIECES = 1024;
/** A pipe holds no more by default, so longer pieces gain nothing. */
export const MAX_INPUT_FRAME_BYTES = 64 * KIB;
/** Output that a client may have been sent and not yet read: it keeps no more of it in memory. Enough to hide the way back. */
export const OUTPUT_WINDOW_BYTES = 1024 * KIB;
/** What a frame costs of the window beside its bytes, since the smallest one takes memory too. */
export const FRAME_COST_BYTES = 128;
/** A client's control messages are numbers. */
const MAX_REQUEST_BYTES = 4 * KIB;
/** A host's may hold an error with its details. */
const MAX_NEWS_BYTES = 256 * KIB;

export const CLIENT_FRAMES: FrameLimits = { stdin: MAX_INPUT_FRAME_BYTES, control: MAX_REQUEST_BYTES };
export const HOST_FRAMES: FrameLimits = {
  stdout: OUTPUT_WINDOW_BYTES,
  stderr: OUTPUT_WINDOW_BYTES,
  control: MAX_NEWS_BYTES,
};

const offset = z.int().min(0);

const attachmentEndSchema: z.ZodType<AttachmentEnd> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ended"), end: endRecordSchema }),
  z.object({ kind: z.literal("removed"), end: endRecordSchema.nullable() }),
  z.object({ kind: z.literal("detached"), by: z.enum(["keys", "close", "failure"]) }),
]);

/** What a client says about its attachment. */
export const clientMessageSchema = z.discriminatedUnion("kind", [
  /** It takes so much more output. */
  z.object({ kind: z.literal("read"), bytes: z.int().min(1).max(OUTPUT_WINDOW_BYTES) }),
  /** All output before this offset has been dealt with, for the registered consumer. */
  z.object({ kind: z.literal("advance"), offset }),
  /** Standard input ends after what was sent before. Answered as a piece of input is. */
  z.object({ kind: z.literal("endInput") }),
  /** It detaches. A connection that just ends means the same, without `forget`. */
  z.object({ kind: z.literal("close"), forget: z.boolean() }),
]);
export type ClientMessage = z.output<typeof clientMessageSchema>;

/** What the host says about an attachment. */
export const hostMessageSchema = z.discriminatedUnion("kind", [
  /** The output that follows begins at this offset. */
  z.object({ kind: z.literal("at"), offset }),
  /** Output that is no longer kept. */
  z.object({ kind: z.literal("gap"), offset, bytes: z.int().min(1) }),
  /** The oldest piece of input that had no answer yet was taken, or was refused. */
  z.object({ kind: z.literal("taken") }),
  z.object({ kind: z.literal("refused"), error: wireErrorSchema }),
  /** The attachment has ended, and nothing follows; a consumer may still send `advance`, and then `close`. */
  z.object({ kind: z.literal("end"), end: attachmentEndSchema }),
  /** The output could not be read on, or the client broke the rules; nothing follows. */
  z.object({ kind: z.literal("error"), error: wireErrorSchema }),
]);
export type HostMessage = z.output<typeof hostMessageSchema>;

/** A control frame's content. Throws EXEC_BAD_REQUEST if it is none that the schema knows. */
export function parseControl<Message>(schema: z.ZodType<Message>, data: Buffer): Message {
  const parsed = schema.safeParse(parseJson(data));
  if (parsed.success) return parsed.data;
  throw new SessionError(
    "EXEC_BAD_REQUEST",
    "A control frame of the attachment holds no message of its protocol.",
  );
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    // The schema refuses it; where the JSON breaks off helps nobody.
    return undefined;
  }
}
