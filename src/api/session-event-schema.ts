import * as z from "zod";
import type { SessionEvent } from "../session/session-event.ts";
import { endRecordSchema, signalNameSchema, terminalSizeSchema } from "./session-schemas.ts";

const base = {
  seq: z.int().min(1).meta({ description: "Counts the host's events, from 1, without gaps." }),
  time: z.iso.datetime(),
  sessionId: z.string(),
  containerId: z.string(),
};

/** A life-cycle event as one line of the event stream. */
export const sessionEventSchema = z
  .discriminatedUnion("type", [
    z.object({ ...base, type: z.literal("created") }),
    z.object({ ...base, type: z.literal("started"), pid: z.int().nullable() }),
    z.object({ ...base, type: z.literal("resized"), size: terminalSizeSchema }),
    z.object({
      ...base,
      type: z.literal("stopping"),
      signal: signalNameSchema,
      cause: z.enum(["stop", "timeout", "outputLimit", "remove"]),
    }),
    z.object({ ...base, type: z.literal("detached"), by: z.literal("keys") }),
    z.object({ ...base, type: z.literal("outputError"), text: z.string() }),
    z.object({ ...base, type: z.literal("exited"), end: endRecordSchema }),
    z.object({ ...base, type: z.literal("lost"), end: endRecordSchema }),
    z.object({ ...base, type: z.literal("removed") }),
  ])
  .meta({ id: "SessionEvent" }) satisfies z.ZodType<SessionEvent>;
