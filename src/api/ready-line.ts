import * as z from "zod";
import { type WireError, wireErrorSchema } from "./wire-error.ts";

const readySchema = z.object({ socket: z.string(), pid: z.int().min(1), version: z.string() });

/** What a session host says on its standard output, once, when it serves. */
export type Ready = Readonly<z.output<typeof readySchema>>;

/** The one line of a host: that it is ready, or why it could not start. */
export type StartLine = Ready | WireError;

const startLineSchema = z.union([readySchema, wireErrorSchema]);

/** Takes the line apart. Undefined: it is no host's. */
export function parseStartLine(line: string): StartLine | undefined {
  try {
    return startLineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
