import * as z from "zod";
import { DETACH_KEYS_RULE, parseDetachKeys } from "./detach-keys.ts";
import {
  ENVIRONMENT_FORMS,
  ENVIRONMENT_RULE,
  environmentFault,
  environmentSchema,
  UNSAFE_NAME,
} from "./environment.ts";
import { SessionError, showKind, showValue } from "./session-error.ts";
import { parseSignal, SIGNAL_RULE, signalName } from "./signals.ts";
import { MAX_TERMINAL_SIZE } from "./terminal-size.ts";

const MIB = 1024 * 1024;

/** What an output log keeps when the configuration does not say. */
export const DEFAULT_OUTPUT_MAX_BYTES = 64 * MIB;
export const DEFAULT_OUTPUT_REPLAY_BYTES = 8 * MIB;
/** Below this a single pipe read would not fit. */
export const MIN_OUTPUT_BYTES = 64 * 1024;
/** File descriptors 0, 1 and 2 are the session's own streams. */
export const FIRST_EXTRA_FD = 3;
/** setTimeout's longest delay is 2^31-1 ms; longer ones fire at once. */
export const MAX_TIMEOUT_SECONDS = 2_147_483;

const text = z.string().refine((value) => !value.includes("\0"));
const absolutePath = text.refine((value) => value.startsWith("/"));
const seconds = z.number().min(0).max(MAX_TIMEOUT_SECONDS);
const cells = z.int().min(1).max(MAX_TERMINAL_SIZE);
const signal = z
  .custom<string | number>((raw) => signalName(raw) !== undefined)
  .transform((raw) => parseSignal(raw, "stopSignal"));
const labels = z
  .custom<Record<string, string>>((raw) => !Object.hasOwn(Object(raw), UNSAFE_NAME))
  .pipe(z.record(text.min(1), text));

/** The one schema of an exec session's configuration: type, API validation and message validation come from it. */
export const execConfigSchema = z
  .strictObject({
    command: z
      .array(text)
      .min(1)
      .refine((list) => list[0] !== "")
      .describe(
        'The program and its arguments. Never goes through a shell; for one, say `["sh", "-c", "..."]`.',
      ),
    tty: z
      .boolean()
      .default(false)
      .describe(
        "Gives the command a terminal; standard error is then part of standard output. Absent: false.",
      ),
    attachStdin: z
      .boolean()
      .default(false)
      .describe("Absent or false: the command reads an empty standard input."),
    attachStdout: z
      .boolean()
      .default(true)
      .describe("False: the command's standard output goes to /dev/null. Absent: true."),
    attachStderr: z
      .boolean()
      .optional()
      .describe("False: standard error goes to /dev/null. Absent: true without a TTY, false with one."),
    detachKeys: text
      .refine(isDetachKeys)
      .optional()
      .describe(
        `Keys that end an interactive attachment: ${DETACH_KEYS_RULE}. Absent: \`ctrl-p,ctrl-q\`. Empty: none.`,
      ),
    env: environmentSchema.default({}).meta({
      description:
        "Added to the container's environment: values by name, or a list of `NAME=value`. Absent: nothing is added.",
      anyOf: ENVIRONMENT_FORMS,
    }),
    privileged: z
      .boolean()
      .default(false)
      .describe(
        "All capabilities in the bounding set, and for uid 0 in every set but the inheritable one. Absent: false.",
      ),
    user: text
      .refine((value) => /^([^:]+(:[^:]+)?)?$/.test(value))
      .default("")
      .describe(
        "`name|uid[:group|gid]`, looked up in the container. Absent or empty: the container's own user.",
      ),
    workDir: z
      .union([z.literal(""), absolutePath])
      .default("")
      .describe("An absolute path in the container. Absent or empty: the container's own working directory."),
    preserveFds: z
      .array(z.int().min(FIRST_EXTRA_FD))
      .default([])
      .describe(
        "File descriptors of the manager's process; the command gets them as 3, 4, ... in this order. Absent: none. Over the socket there can be none.",
      ),
    extraFiles: z
      .array(absolutePath)
      .default([])
      .describe(
        "Absolute paths that the manager opens for reading; they follow `preserveFds`. Absent: none.",
      ),
    consoleSize: z
      .strictObject({ columns: cells, rows: cells })
      .optional()
      .describe("The terminal's first size. Absent: 80 columns, 24 rows. Only with `tty`."),
    timeout: seconds
      .default(0)
      .describe(
        "Seconds the command may run before it is stopped with reason `timeout`. Absent or 0: no limit.",
      ),
    stopSignal: signal.optional().meta({
      description: `What stop sends first: ${SIGNAL_RULE}. Absent: SIGTERM.`,
      type: ["string", "integer"],
    }),
    stopTimeout: seconds
      .optional()
      .describe("Seconds between `stopSignal` and SIGKILL. Absent: the container's own, else 10."),
    labels: labels.default({}).meta({
      description:
        "The user's own names and values; kept, listed and filtered by, never interpreted. Absent: none.",
      type: "object",
      additionalProperties: { type: "string" },
    }),
    output: z
      .strictObject({
        maxBytes: z
          .int()
          .min(MIN_OUTPUT_BYTES)
          .default(DEFAULT_OUTPUT_MAX_BYTES)
          .describe("Bytes of output the log keeps at the most. Absent: 64 MiB."),
        replayBytes: z
          .int()
          .min(0)
          .default(DEFAULT_OUTPUT_REPLAY_BYTES)
          .describe("Bytes kept for late readers once every consumer has had them. Absent: 8 MiB."),
        policy: z
          .enum(["dropOldest", "block", "stop"])
          .default("dropOldest")
          .describe(
            "When unread output passes `maxBytes`: drop the oldest, block the command, or stop it. Absent: `dropOldest`.",
          ),
      })
      .prefault({})
      .describe("Limits of the output log."),
  })
  .transform(({ attachStderr, ...config }) => ({ ...config, attachStderr: attachStderr ?? !config.tty }))
  .meta({ id: "ExecConfig" });

/** A checked configuration with every default filled in. */
export type ExecConfig = Readonly<z.output<typeof execConfigSchema>>;
/** What a caller may give: only `command` is required. */
export type ExecConfigInput = z.input<typeof execConfigSchema>;
export type OutputLimits = ExecConfig["output"];

/** What is allowed, by field, as the second half of the sentence "`field` must be ...". */
const allowed: Readonly<Record<string, string>> = {
  command: "a list of strings without NUL bytes, the first of them the program, which is not empty",
  tty: "true or false",
  attachStdin: "true or false",
  attachStdout: "true or false",
  attachStderr: "true or false",
  detachKeys: DETACH_KEYS_RULE,
  env: ENVIRONMENT_RULE,
  privileged: "true or false",
  user: "empty or name|uid[:group|gid], without NUL bytes",
  workDir: "empty or an absolute path without NUL bytes",
  preserveFds: `a list of file descriptors from ${FIRST_EXTRA_FD} on`,
  extraFiles: "a list of absolute paths without NUL bytes",
  consoleSize: `{columns, rows}, both whole numbers from 1 to ${MAX_TERMINAL_SIZE}`,
  timeout: `a number of seconds from 0 to ${MAX_TIMEOUT_SECONDS}`,
  stopSignal: SIGNAL_RULE,
  stopTimeout: `a number of seconds from 0 to ${MAX_TIMEOUT_SECONDS}`,
  labels: `an object of names, not empty and not ${UNSAFE_NAME}, and string values, without NUL bytes`,
  output: `{maxBytes from ${MIN_OUTPUT_BYTES}, replayBytes from 0, policy dropOldest, block or stop}`,
};

/** Checks a configuration and fills in its defaults; throws EXEC_INVALID_CONFIG with a sentence for the first bad field. */
export function parseExecConfig(raw: unknown): ExecConfig {
  const parsed = execConfigSchema.safeParse(raw);
  if (!parsed.success) throw invalidConfig(raw, parsed.error);
  assertFieldsAgree(raw, parsed.data);
  return parsed.data;
}

function assertFieldsAgree(raw: unknown, config: ExecConfig): void {
  if (config.tty && config.attachStderr) {
    throw fieldError(
      "attachStderr",
      raw,
      "must be absent or false with tty, because a terminal has no separate standard error",
    );
  }
  if (!config.tty && config.consoleSize) {
    throw fieldError("consoleSize", raw, "must be absent without tty");
  }
  if (config.tty && config.preserveFds.length + config.extraFiles.length > 0) {
    const field = config.preserveFds.length > 0 ? "preserveFds" : "extraFiles";
    throw fieldError(
      field,
      raw,
      "must be empty with tty, because a terminal session passes no other file descriptors",
    );
  }
}

function invalidConfig(raw: unknown, error: z.ZodError): SessionError {
  const issue = error.issues[0];
  if (issue === undefined || !isObject(raw)) {
    return new SessionError(
      "EXEC_INVALID_CONFIG",
      // The value may hold the environment, and so secrets.
      `The configuration must be an object with a command; got ${showKind(raw)}.`,
    );
  }
  const field = String(issue.path[0] ?? (issue.code === "unrecognized_keys" ? issue.keys[0] : ""));
  if (!Object.hasOwn(allowed, field)) {
    return new SessionError(
      "EXEC_INVALID_CONFIG",
      `There is no field ${showValue(field)}; allowed are ${Object.keys(allowed).join(", ")}.`,
      { details: { field } },
    );
  }
  return fieldError(field, raw, `must be ${allowed[field]}`);
}

function fieldError(field: string, raw: unknown, rule: string): SessionError {
  const value = isObject(raw) ? raw[field] : undefined;
  const fault = field === "env" ? environmentFault(value) : `got ${showValue(value)}`;
  return new SessionError("EXEC_INVALID_CONFIG", `"${field}" ${rule}; ${fault}.`, { details: { field } });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDetachKeys(value: string): boolean {
  return parseDetachKeys(value) !== undefined;
}
