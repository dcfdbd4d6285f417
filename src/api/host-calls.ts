import * as z from "zod";
import { defineCall } from "./api-call.ts";
import { CALLS_PROTOCOL } from "./calls-protocol.ts";
import { field, wholeNumber } from "./query-fields.ts";
import { runtimeFields } from "./runtime-fields.ts";
import { sessionEventSchema } from "./session-event-schema.ts";
import { runtimeSpecSchema } from "./session-schemas.ts";

const ANY_QUERY = z.object({});

/** Which version of Docker's API the calls that Docker has too behave as; its clients negotiate with these. */
export const DOCKER_API_VERSION = "1.51";
export const OLDEST_DOCKER_API_VERSION = "1.24";
/** The same for Podman's clients. */
export const LIBPOD_API_VERSION = "5.0.0";

/** Docker lists an engine's parts so; this is ours. */
export const HOST_COMPONENT = "Exec Sessions";

const hostDetailsSchema = z.object({
  ApiVersion: z.string().meta({ description: "The newest version of this API that the host speaks." }),
  MinApiVersion: z.string(),
  Pid: z.string(),
  StartedAt: z.string(),
  Instance: z.string().meta({ description: "Another one after every start; events are numbered within it." }),
});

export const versionSchema = z
  .object({
    Version: z.string(),
    ApiVersion: z.string().meta({ description: "Of Docker's API." }),
    MinAPIVersion: z.string(),
    Os: z.string(),
    Arch: z.string(),
    KernelVersion: z.string(),
    Platform: z.object({ Name: z.string() }),
    Components: z.array(
      z.object({ Name: z.literal(HOST_COMPONENT), Version: z.string(), Details: hostDetailsSchema }),
    ),
  })
  .meta({ id: "Version" });

const containerInspectSchema = z
  .object({
    Id: z.string(),
    Name: z.string().meta({ description: "With a slash before it, as Docker has it." }),
    State: z.object({ Status: z.string(), Running: z.boolean(), Paused: z.boolean() }),
    Runtime: runtimeSpecSchema,
  })
  .meta({ id: "ContainerInspect" });

const containerSummarySchema = z
  .object({
    Id: z.string(),
    Names: z.array(z.string()),
    State: z.string(),
    Status: z.string(),
    Runtime: runtimeSpecSchema,
  })
  .meta({ id: "ContainerSummary" });

/** The calls about the session host and what it can reach. */
export const hostCalls = {
  ping: defineCall({
    method: "GET",
    path: "/_ping",
    summary: "Shows that the host is there; the headers name the versions it speaks.",
    query: ANY_QUERY,
    status: 200,
    byteAnswers: ["text/plain"],
  }),
  version: defineCall({
    method: "GET",
    path: "/version",
    summary: "Tells the host's versions and its pid.",
    query: ANY_QUERY,
    status: 200,
    answer: versionSchema,
  }),
  describeApi: defineCall({
    method: "GET",
    path: "/openapi.json",
    summary: "Gives this description of the API.",
    query: z.strictObject({}),
    status: 200,
    answer: z.looseObject({ openapi: z.string() }),
  }),
  listContainers: defineCall({
    method: "GET",
    path: "/containers/json",
    summary: "Lists the containers of all runtimes that the host knows.",
    query: z.object({
      all: field(z.string(), {
        allowed: "true or false",
        description: "Also those that do not run. Absent: false.",
        type: "boolean",
      }),
    }),
    status: 200,
    answer: z.array(containerSummarySchema),
  }),
  inspectContainer: defineCall({
    method: "GET",
    path: "/containers/{container}/json",
    summary: "Tells a container's id, name and state, and which runtime has it.",
    query: runtimeFields,
    status: 200,
    answer: containerInspectSchema,
  }),
  listRuntimes: defineCall({
    method: "GET",
    path: "/runtimes",
    summary: "Lists the runtimes that the host knows.",
    query: z.strictObject({}),
    status: 200,
    answer: z.array(runtimeSpecSchema),
  }),
  addRuntime: defineCall({
    method: "POST",
    path: "/runtimes",
    summary: "Makes a runtime known, so that calls that name none find its containers.",
    query: z.strictObject({}),
    body: runtimeSpecSchema,
    status: 204,
    errors: ["EXEC_RUNTIME_NOT_FOUND", "EXEC_RUNTIME_NOT_EXECUTABLE"],
  }),
  readEvents: defineCall({
    method: "GET",
    path: "/events",
    summary: "Streams life-cycle events, one JSON object a line, each exactly once.",
    query: z.strictObject({
      since: field(wholeNumber, {
        allowed: "the number of an event",
        description: "Events after this one that are still kept come first. Absent: only those to come.",
        type: "integer",
      }),
    }),
    status: 200,
    answer: sessionEventSchema,
    answerLines: "application/x-ndjson",
  }),
  openCalls: defineCall({
    method: "POST",
    path: "/calls",
    summary: "Carries any number of calls at a time on one connection, which costs each of them less.",
    description: "Only those that take and answer with JSON. The lines are described in docs/api.md.",
    query: z.strictObject({}),
    status: 101,
    upgrades: [CALLS_PROTOCOL],
  }),
};
