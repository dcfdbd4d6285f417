import { deserialize, serialize } from "node:v8";
import type { NodeMessage } from "node-red";
import * as z from "zod";
import type { StreamCursor } from "./output-pieces.ts";
import { firstUnsent, firstUnsentOf, type ResumeEntry } from "./resume-registry.ts";

/** Another number: another form. */
const SCHEMA = 1;
/** As much as a line of each stream has at the most by default. */
const MAX_PENDING_BYTES = 2 * 1024 * 1024;

const sliceSchema = z.object({ offset: z.int().min(0), data: z.instanceof(Buffer) });
const cursorSchema = z.object({
  from: z.int().min(0),
  sent: z.int().min(0),
  pending: z.array(sliceSchema),
  pendingBytes: z.int().min(0),
  missingBytes: z.int().min(0),
});
const fileSchema = z.object({
  schema: z.literal(SCHEMA),
  nodeId: z.string(),
  sessionId: z.string(),
  service: z.object({
    stateDir: z.string(),
    host: z.enum(["process", "inside"]),
    orphans: z.enum(["keep", "stop"]),
  }),
  onDelete: z.enum(["keep", "stop", "remove"]),
  /** The message's properties that could not be kept. */
  omitted: z.array(z.string()),
  position: z.int().min(0),
  streams: z.object({ stdout: cursorSchema, stderr: cursorSchema }),
});

/** A message as it can be kept: in a file of its own, since it may be large and never changes. */
export interface KeptMessage {
  /** In the form of the structured clone algorithm. */
  readonly bytes: Buffer;
  /** The names of the properties that cannot be kept. */
  readonly omitted: readonly string[];
}

/** Belongs to a connection that will be gone. */
const NEVER_KEPT: ReadonlySet<string> = new Set(["req", "res"]);

/** Keeps of a message what has a meaning in another process: no functions, no connections. */
export function keepMessage(message: NodeMessage): KeptMessage {
  const kept: Record<string, unknown> = {};
  const omitted: string[] = [];
  for (const [name, value] of Object.entries(message)) {
    if (!NEVER_KEPT.has(name) && isKeepable(value)) kept[name] = value;
    else omitted.push(name);
  }
  return { bytes: serialize(kept), omitted };
}

/** An entry without its message as a file's content. */
export function formatResumeFile({ message: _, ...rest }: ResumeEntry, { omitted }: KeptMessage): Buffer {
  return serialize({ ...rest, schema: SCHEMA, omitted });
}

/** What an entry's two files say. Throws if one is torn, or of another form. */
export function parseResumeFile(
  content: Buffer,
  messageBytes: Buffer,
): { readonly entry: ResumeEntry; readonly kept: KeptMessage } {
  const { schema: _, omitted, ...rest } = fileSchema.parse(deserialize(content));
  const message = deserialize(messageBytes) as NodeMessage;
  return { entry: { ...rest, message }, kept: { bytes: messageBytes, omitted } };
}

/**
 * What is to be written down against a crash. What is pending is read again from the session's log, so that the file is
 * small. But if that would make more than `maxRepeatedBytes` be read again, the log may not have it any more, and the file
 * has it, unless it is large.
 */
export function forACrash(entry: ResumeEntry, maxRepeatedBytes: number): ResumeEntry {
  const { stdout, stderr } = entry.streams;
  const isFarBack = entry.position - firstUnsent(entry) > maxRepeatedBytes;
  const isSmall = stdout.pendingBytes + stderr.pendingBytes <= MAX_PENDING_BYTES;
  return isFarBack && isSmall ? entry : withoutPending(entry);
}

/** As if nothing pending had been read. */
function withoutPending(entry: ResumeEntry): ResumeEntry {
  const { position, streams } = entry;
  return {
    ...entry,
    position: firstUnsent(entry),
    streams: {
      stdout: emptied(streams.stdout, firstUnsentOf(streams.stdout, position)),
      stderr: emptied(streams.stderr, firstUnsentOf(streams.stderr, position)),
    },
  };
}

function emptied(cursor: StreamCursor, from: number): StreamCursor {
  return { ...cursor, from, pending: [], pendingBytes: 0 };
}

function isKeepable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
