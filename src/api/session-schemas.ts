import * as z from "zod";
import type { ExecConfig } from "../session/exec-config.ts";
import type {
  EndReason,
  EndRecord,
  ExecSession,
  OutputTotals,
  RuntimeSpec,
  SessionState,
  StartErrorKind,
} from "../session/exec-session.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { ListFilter, SessionSummary } from "../session/session-service.ts";
import type { SignalName } from "../session/signals.ts";
import type { TerminalSize } from "../session/terminal-size.ts";

const count = z.int().min(0);
const texts = z.array(z.string());
const textsByName = z.record(z.string(), z.string());
const time = z.iso.datetime();
/** A word that the domain adds is then missing here, and does not compile. */
type EachOf<Word extends string> = { readonly [Same in Word]: Same };

const state = z.enum({
  created: "created",
  running: "running",
  stopped: "stopped",
} satisfies EachOf<SessionState>);

const endReason = z.enum({
  exited: "exited",
  stopped: "stopped",
  timeout: "timeout",
  outputLimit: "outputLimit",
  containerStopped: "containerStopped",
  startFailed: "startFailed",
  lost: "lost",
} satisfies EachOf<EndReason>);

const startErrorKind = z.enum({
  notFound: "notFound",
  notExecutable: "notExecutable",
  badInterpreter: "badInterpreter",
  badWorkDir: "badWorkDir",
  badUser: "badUser",
  containerPaused: "containerPaused",
  containerNotRunning: "containerNotRunning",
  runtime: "runtime",
} satisfies EachOf<StartErrorKind>);

export const runtimeKindSchema = z.enum({
  crun: "crun",
  runc: "runc",
  local: "local",
} satisfies EachOf<RuntimeSpec["kind"]>);

/** A pattern and not this machine's list: the other end may be of a later version, or another system. */
export const signalNameSchema = z.string().regex(/^SIG[A-Z0-9]+$/) as unknown as z.ZodType<SignalName>;

export const terminalSizeSchema: z.ZodType<TerminalSize> = z.object({ columns: z.int(), rows: z.int() });

export const runtimeSpecSchema = z
  .object({
    kind: runtimeKindSchema,
    path: z.string().meta({ description: "The program's path. Empty: found by `kind` on the PATH." }),
    root: z.string().meta({ description: "The runtime's `--root`. Empty: its own default." }),
  })
  .meta({ id: "RuntimeSpec" }) satisfies z.ZodType<RuntimeSpec>;

export const endRecordSchema = z
  .object({
    exitCode: z
      .int()
      .nullable()
      .meta({ description: "128+n after signal n; 125 to 127 after a failed start. Null: nobody knows." }),
    signal: signalNameSchema.nullable(),
    reason: endReason,
    startError: z
      .object({
        kind: startErrorKind,
        text: z.string(),
      })
      .nullable(),
    startedAt: time.nullable(),
    endedAt: time,
    heldOpen: z
      .boolean()
      .meta({ description: "A descendant still held the output open when reading was given up." }),
    truncated: count.meta({ description: "Bytes of output dropped before every consumer had read them." }),
  })
  .meta({ id: "EndRecord" }) satisfies z.ZodType<EndRecord>;

const outputTotalsSchema: z.ZodType<OutputTotals> = z.object({
  stdoutBytes: count,
  stderrBytes: count,
  firstOffset: count.meta({ description: "Of the oldest byte that is kept; counts both streams together." }),
  truncated: count.meta({ description: "Bytes dropped before every consumer had read them." }),
});

const outputLimitsSchema = z.object({
  maxBytes: z.int(),
  replayBytes: z.int(),
  policy: z.enum(["dropOldest", "block", "stop"]),
});

/** A configuration as a host gives it back: checked there, with every default filled in. */
const execConfigAnswerSchema: z.ZodType<ExecConfig> = z.object({
  command: texts,
  tty: z.boolean(),
  attachStdin: z.boolean(),
  attachStdout: z.boolean(),
  attachStderr: z.boolean(),
  detachKeys: z.exactOptional(z.string()),
  env: textsByName,
  privileged: z.boolean(),
  user: z.string(),
  workDir: z.string(),
  preserveFds: z.array(z.int()),
  extraFiles: texts,
  consoleSize: z.exactOptional(z.object({ columns: z.int(), rows: z.int() })),
  timeout: z.number(),
  stopSignal: z.exactOptional(signalNameSchema),
  stopTimeout: z.exactOptional(z.number()),
  labels: textsByName,
  output: outputLimitsSchema,
});

export const execSessionSchema = z
  .object({
    id: z.string().meta({ description: "64 hexadecimal digits." }),
    revision: z.int().meta({ description: "Counts the record's changes." }),
    state,
    runtime: runtimeSpecSchema,
    container: z.object({ id: z.string(), name: z.string(), stopTimeout: z.number().nullable() }),
    config: execConfigAnswerSchema,
    resolved: z.object({
      user: z.object({ uid: count, gid: count, additionalGids: z.array(count) }),
      workDir: z.string(),
      environmentNames: texts,
    }),
    createdAt: time,
    startedAt: time.nullable(),
    pid: z.int().nullable().meta({ description: "As the host's machine counts. Null: it does not run." }),
    identity: z
      .record(z.string(), z.union([z.string(), z.number(), z.null()]))
      .nullable()
      .meta({ description: "What its runtime tells the process by." }),
    output: outputTotalsSchema,
    end: endRecordSchema.nullable(),
  })
  .meta({ id: "ExecSession" }) satisfies z.ZodType<ExecSession>;

export const sessionSummarySchema = z
  .object({
    id: z.string(),
    state,
    legacy: z.boolean().meta({ description: "Of the old form: it can be stopped and removed, no more." }),
    command: texts,
    containerId: z.string(),
    pid: z.int().nullable(),
    createdAt: time.nullable(),
    labels: textsByName,
    end: endRecordSchema.nullable(),
  })
  .meta({ id: "SessionSummary" }) satisfies z.ZodType<SessionSummary>;

export const sessionInspectSchema = z
  .object({
    CanRemove: z.boolean(),
    ContainerID: z.string(),
    DetachKeys: z.string(),
    ExitCode: z
      .int()
      .nullable()
      .meta({ description: "Null until the session has ended, and where nobody knows it." }),
    ID: z.string(),
    OpenStdin: z.boolean(),
    OpenStdout: z.boolean(),
    OpenStderr: z.boolean(),
    Running: z.boolean(),
    Pid: z.int(),
    ProcessConfig: z.object({
      entrypoint: z.string(),
      arguments: texts,
      privileged: z.boolean(),
      tty: z.boolean(),
      user: z.string(),
    }),
    state,
    end: endRecordSchema.nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    runtime: runtimeSpecSchema,
    containerName: z.string(),
    workDir: z.string(),
    uid: z.int(),
    gid: z.int(),
    additionalGids: z.array(z.int()),
    environmentNames: texts,
    labels: textsByName,
    output: outputTotalsSchema,
    outputLimits: outputLimitsSchema,
    revision: z.int(),
  })
  .meta({ id: "SessionInspect" }) satisfies z.ZodType<SessionInspect>;

/** What a list is to be limited to; an empty filter limits nothing. */
export const listFilterSchema = z
  .strictObject({
    container: z.exactOptional(z.string().meta({ description: "The container's full id." })),
    state: z.exactOptional(state),
    labels: z.exactOptional(textsByName.meta({ description: "Labels to be there, with these values." })),
  })
  .meta({ id: "ListFilter" }) satisfies z.ZodType<ListFilter>;
