import * as z from "zod";
import { execConfigSchema } from "../session/exec-config.ts";
import type { ExecSession, LegacySession } from "../session/exec-session.ts";
import { isSessionId } from "../session/session-id.ts";
import { type SignalName, signalName } from "../session/signals.ts";
import { CURRENT_SCHEMA, migrateRecord } from "./migrations.ts";

/** What a record file turned out to hold. */
export type ParsedRecord =
  | { readonly kind: "session"; readonly session: ExecSession }
  | { readonly kind: "legacy"; readonly session: LegacySession }
  /** Written by a later version of this package: not ours to change. */
  | { readonly kind: "newer"; readonly reason: string }
  /** No record; `reason` completes the sentence "It ...". */
  | { readonly kind: "unreadable"; readonly reason: string };

/** The text of a record file. */
export function formatRecord(session: ExecSession): string {
  return JSON.stringify({ schema: CURRENT_SCHEMA, ...session });
}

/** A record file as it was found. */
export interface RecordText {
  readonly text: string;
  /** The id that its name stands for. */
  readonly id: string;
  readonly writtenAtMs: number;
}

/** Tells what a record file holds. Never throws. */
export function parseRecord({ text, id, writtenAtMs }: RecordText): ParsedRecord {
  const raw = parseJson(text);
  if (!isObject(raw)) return unreadable(text === "" ? "is empty" : "is not a whole JSON object");
  const { schema } = raw;
  if (schema !== undefined && !isSchemaNumber(schema)) return unreadable("has no valid schema number");
  if (schema !== undefined && schema > CURRENT_SCHEMA) return newer(schema);
  if (raw.id !== id) return unreadable("names another session than its folder does");
  if (schema === undefined) return parseLegacyRecord(raw, writtenAtMs);
  const parsed = sessionSchema.safeParse(migrateRecord(raw, schema));
  return parsed.success ? { kind: "session", session: parsed.data } : unreadable(firstIssue(parsed.error));
}

/** The old form `{id, command, pid}`, from before records had a schema number. */
function parseLegacyRecord(raw: unknown, recordedAtMs: number): ParsedRecord {
  const parsed = legacySchema.safeParse(raw);
  if (!parsed.success) return unreadable(firstIssue(parsed.error));
  return { kind: "legacy", session: { ...parsed.data, recordedAtMs } };
}

function newer(schema: number): ParsedRecord {
  return {
    kind: "newer",
    reason: `has schema ${schema}, but this version reads up to ${CURRENT_SCHEMA}; it was left as it is for a later version`,
  };
}

function unreadable(reason: string): ParsedRecord {
  return { kind: "unreadable", reason };
}

function firstIssue({ issues }: z.ZodError): string {
  const path = issues[0]?.path.join(".");
  return `is no session record: ${path ? `"${path}" is missing or wrong` : issues[0]?.message}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller tells the user; what exactly breaks off where in the JSON would not help them.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSchemaNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}

const count = z.int().min(0);
const pid = z.int().min(1);
const time = z.iso.datetime();
const signal = z.custom<SignalName>((value) => typeof value === "string" && signalName(value) === value);

const endSchema = z.object({
  exitCode: z.int().nullable(),
  signal: signal.nullable(),
  reason: z.enum(["exited", "stopped", "timeout", "outputLimit", "containerStopped", "startFailed", "lost"]),
  startError: z
    .object({
      kind: z.enum([
        "notFound",
        "notExecutable",
        "badInterpreter",
        "badWorkDir",
        "badUser",
        "containerPaused",
        "containerNotRunning",
        "runtime",
      ]),
      text: z.string(),
    })
    .nullable(),
  startedAt: time.nullable(),
  endedAt: time,
  heldOpen: z.boolean(),
  truncated: count,
});

/** Schema 1. A change that an older version could not read needs the next number and a migration. */
const sessionSchema: z.ZodType<ExecSession> = z
  .object({
    id: z.string().refine(isSessionId),
    revision: z.int().min(1),
    state: z.enum(["created", "running", "stopped"]),
    runtime: z.object({ kind: z.enum(["crun", "runc", "local"]), path: z.string(), root: z.string() }),
    container: z.object({ id: z.string(), name: z.string(), stopTimeout: z.number().min(0).nullable() }),
    config: execConfigSchema,
    resolved: z.object({
      user: z.object({ uid: count, gid: count, additionalGids: z.array(count) }),
      workDir: z.string(),
      environmentNames: z.array(z.string()),
    }),
    createdAt: time,
    startedAt: time.nullable(),
    pid: pid.nullable(),
    identity: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).nullable(),
    output: z.object({ stdoutBytes: count, stderrBytes: count, firstOffset: count, truncated: count }),
    end: endSchema.nullable(),
  })
  .refine(({ state, end }) => (state === "stopped") === (end !== null), { path: ["end"] });

const legacySchema: z.ZodType<Omit<LegacySession, "recordedAtMs">> = z.object({
  id: z.string().min(1),
  command: z.union([z.string().transform((line) => [line]), z.array(z.string())]),
  pid,
});
