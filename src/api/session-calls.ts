import * as z from "zod";
import { execConfigSchema } from "../session/exec-config.ts";
import type { ErrorCode } from "../session/session-error.ts";
import { SIGNAL_RULE } from "../session/signals.ts";
import { MAX_TERMINAL_SIZE } from "../session/terminal-size.ts";
import { defineCall } from "./api-call.ts";
import { ATTACH_PROTOCOL } from "./attach-protocol.ts";
import {
  dockerExecSchema,
  dockerStartSchema,
  MULTIPLEXED_STREAM,
  podmanRemoveSchema,
  RAW_STREAM,
} from "./docker-bodies.ts";
import { field, flag, json, seconds, wholeNumber } from "./query-fields.ts";
import { runtimeFields } from "./runtime-fields.ts";
import {
  endRecordSchema,
  execSessionSchema,
  listFilterSchema,
  sessionInspectSchema,
  sessionSummarySchema,
} from "./session-schemas.ts";
import { wireErrorSchema } from "./wire-error.ts";

const NO_QUERY = z.strictObject({});
/** Docker's and Podman's clients add parameters that mean nothing here. */
const ANY_QUERY = z.object({});
const STREAMS = [MULTIPLEXED_STREAM, RAW_STREAM];
const WRITES: readonly ErrorCode[] = ["EXEC_STORE_FAILED", "EXEC_STATE_DIR_LOST"];
/** What a session needs of its container, which is looked at when it is created and again when it is started. */
const NEEDS: readonly ErrorCode[] = [
  "EXEC_INVALID_CONFIG",
  "EXEC_USER_NOT_FOUND",
  "EXEC_GROUP_NOT_FOUND",
  "EXEC_WORKDIR_NOT_FOUND",
  "EXEC_CONTAINER_NOT_FOUND",
  "EXEC_CONTAINER_NOT_RUNNING",
  "EXEC_CONTAINER_PAUSED",
  "EXEC_RUNTIME_NOT_FOUND",
  "EXEC_RUNTIME_NOT_EXECUTABLE",
  "EXEC_RUNTIME_FAILED",
  "EXEC_RUNTIME_UNSUPPORTED",
  "EXEC_TTY_UNAVAILABLE",
];

const cells = { allowed: `a whole number from 1 to ${MAX_TERMINAL_SIZE}`, type: "integer" } as const;
const attachFields = {
  offset: field(wholeNumber, {
    allowed: "a whole number of bytes from 0",
    description: "Where in the output to begin. Absent: where the consumer has come to, else 0.",
    type: "integer",
  }),
  interactive: field(flag, {
    allowed: "true or false",
    description: "Typed input goes through the session's detach keys. Absent: false.",
    type: "boolean",
  }),
  consumer: field(z.string(), {
    allowed: "a name",
    description: "Registers a consumer, for which output is kept within the limits until it is acknowledged.",
  }),
};
const inAnyState =
  "It streams the session's output from the offset on, then follows it live until the session ends.";

/** The calls about exec sessions. */
export const sessionCalls = {
  createSession: defineCall({
    method: "POST",
    path: "/containers/{container}/exec",
    summary: "Makes a session in a running container.",
    description:
      "Takes a configuration in Docker's words (with `Cmd`) or in this package's (with `command`).",
    query: runtimeFields,
    body: z.looseObject({}),
    bodyForms: [dockerExecSchema, execConfigSchema],
    status: 201,
    answer: z.object({ Id: z.string(), Session: execSessionSchema }),
    errors: [...NEEDS, ...WRITES, "EXEC_CLOSED"],
  }),
  startSession: defineCall({
    method: "POST",
    path: "/exec/{id}/start",
    summary: "Starts a created session, attached or (with `Detach`) detached.",
    description:
      "Attached it answers with the output as it comes: raw with a terminal, in Docker's frames without. Upgraded to `tcp` " +
      "the connection also carries standard input, which ends with the client's half of the connection.",
    query: z.object(attachFields),
    body: dockerStartSchema,
    status: 200,
    answer: execSessionSchema,
    byteAnswers: STREAMS,
    upgrades: ["tcp", ATTACH_PROTOCOL],
    errors: [...NEEDS, ...WRITES, "EXEC_START_FAILED", "EXEC_NOT_A_TTY", "EXEC_INVALID_SIZE"],
  }),
  attachSession: defineCall({
    method: "POST",
    path: "/exec/{id}/attach",
    summary: "Joins a session, in any state, at a byte offset of its output.",
    description: `${inAnyState} The forms are those of start.`,
    query: z.strictObject(attachFields),
    status: 200,
    byteAnswers: STREAMS,
    upgrades: ["tcp", ATTACH_PROTOCOL],
    errors: ["EXEC_NOT_A_TTY"],
  }),
  writeInput: defineCall({
    method: "POST",
    path: "/exec/{id}/input",
    summary: "Sends the body's bytes to the session's standard input.",
    description: "Answers when the command is welcome to more.",
    query: z.strictObject({
      end: field(flag, {
        allowed: "true or false",
        description: "Ends standard input after the body. Absent: false.",
        type: "boolean",
      }),
    }),
    status: 204,
    byteBody: "application/octet-stream",
    errors: ["EXEC_STDIN_NOT_ATTACHED", "EXEC_STDIN_CLOSED", "EXEC_RUNTIME_FAILED"],
  }),
  resizeSession: defineCall({
    method: "POST",
    path: "/exec/{id}/resize",
    summary: "Sets the size of a running session's terminal.",
    description: "Under `/libpod` it answers with 201, as Podman does.",
    query: z.object({
      h: field(z.string(), { ...cells, description: "Rows." }),
      w: field(z.string(), { ...cells, description: "Columns." }),
    }),
    status: 200,
    errors: ["EXEC_INVALID_SIZE", "EXEC_NOT_A_TTY", "EXEC_RUNTIME_FAILED"],
  }),
  stopSession: defineCall({
    method: "POST",
    path: "/exec/{id}/stop",
    summary: "Stops a session: signal, wait, SIGKILL to all that is left.",
    description: "Answers when it has ended. Null: a session of the old form, whose end nothing records.",
    query: z.strictObject({
      t: field(seconds, {
        allowed: "a number of seconds from 0",
        description:
          "Seconds before SIGKILL; 0: at once. Absent: the session's, else the container's, else 10.",
        type: "number",
      }),
      signal: field(z.string(), {
        allowed: SIGNAL_RULE,
        description: "What to send first. Absent: the session's own stop signal, else SIGTERM.",
      }),
    }),
    status: 200,
    answer: endRecordSchema.nullable(),
    errors: ["EXEC_STOP_FAILED", "EXEC_RUNTIME_FAILED"],
  }),
  killSession: defineCall({
    method: "POST",
    path: "/exec/{id}/kill",
    summary: "Sends a signal to the command itself.",
    query: z.strictObject({
      signal: field(z.string(), { allowed: SIGNAL_RULE, description: "Absent: SIGKILL." }),
    }),
    status: 204,
    errors: ["EXEC_RUNTIME_FAILED"],
  }),
  waitForSession: defineCall({
    method: "POST",
    path: "/exec/{id}/wait",
    summary: "Answers with the end record once the session has ended; at once if it has.",
    query: NO_QUERY,
    status: 200,
    answer: endRecordSchema,
  }),
  inspectSession: defineCall({
    method: "GET",
    path: "/exec/{id}/json",
    summary: "Tells everything about a session: Podman's and Docker's fields, and what they lack.",
    query: ANY_QUERY,
    status: 200,
    answer: sessionInspectSchema,
  }),
  listSessions: defineCall({
    method: "GET",
    path: "/exec/json",
    summary: "Lists the sessions of all containers.",
    query: z.strictObject({
      filters: field(json.pipe(listFilterSchema), {
        allowed: 'a JSON object with at most "container", "state" and "labels"',
        description: "A ListFilter as JSON. Absent: all sessions.",
      }),
    }),
    status: 200,
    answer: z.array(sessionSummarySchema),
    errors: ["EXEC_CLOSED"],
  }),
  cleanupSession: defineCall({
    method: "POST",
    path: "/exec/{id}/cleanup",
    summary: "Deletes the files of a session that does not run, its output among them; the record stays.",
    query: NO_QUERY,
    status: 204,
    errors: WRITES,
  }),
  removeSession: defineCall({
    method: "POST",
    path: "/exec/{id}/remove",
    summary: "Deletes a session. A running one is refused, or with `Force` stopped first.",
    description: "Podman has this call under `/libpod`.",
    query: ANY_QUERY,
    body: podmanRemoveSchema,
    status: 200,
    errors: [...WRITES, "EXEC_STOP_FAILED", "EXEC_RUNTIME_FAILED"],
  }),
  removeAllSessions: defineCall({
    method: "DELETE",
    path: "/containers/{container}/exec",
    summary: "Stops and removes all sessions of a container; goes on past errors and reports each.",
    description: "All of them: those of flows and of other clients, too.",
    query: runtimeFields,
    status: 200,
    answer: z.object({
      removed: z.array(z.string()),
      failed: z.array(z.object({ id: z.string(), error: wireErrorSchema })),
    }),
    errors: ["EXEC_CLOSED"],
  }),
};
