import type { ApiCall } from "./api-call.ts";
import { API_VERSION, API_VERSION_HEADER } from "./api-version.ts";
import { hostCalls } from "./host-calls.ts";
import { describeOperation } from "./openapi-operation.ts";
import type { Components, DescribedObject, ObjectsByName } from "./openapi-schema.ts";
import { sessionCalls } from "./session-calls.ts";

/** The API as OpenAPI 3.1 describes one, made of the schemas that check its requests and answers. */
export function createOpenApi(): DescribedObject {
  const components: Components = { schemas: {}, responses: {} };
  const paths: Record<string, ObjectsByName> = {};
  for (const [tag, calls] of Object.entries({ host: hostCalls, sessions: sessionCalls })) {
    for (const [operationId, call] of Object.entries<ApiCall>(calls)) {
      const operation = { operationId, tags: [tag], ...describeOperation(call, components) };
      paths[call.path] = { ...paths[call.path], [call.method.toLowerCase()]: operation };
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Exec Sessions",
      version: String(API_VERSION),
      summary: "Commands in containers as sessions, over the session host's Unix socket.",
      description: ABOUT,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    // Nothing depends on a host's name on a Unix socket.
    servers: [{ url: "http://localhost" }],
    tags: [
      { name: "host", description: "The session host, and what it can reach." },
      { name: "sessions", description: "Exec sessions." },
    ],
    paths,
    components: {
      schemas: sortByName(components.schemas),
      responses: sortByName(components.responses),
    },
  };
}

const ABOUT = [
  "Whoever may open the socket may do everything; there is no other permission.",
  "Calls that Docker or Podman have, too, behave as theirs. Before any path may stand Docker's version (`/v1.41`) and " +
    `Podman's \`/libpod\`. A request may name the version of this API that it is in, by the header \`${API_VERSION_HEADER}\`; ` +
    "every answer does.",
  "A call that can be upgraded leaves HTTP: after the head of its answer the connection carries nothing but the bytes of " +
    "the protocol. OpenAPI has no words for these; the call's description has.",
].join("\n\n");

function sortByName(objects: ObjectsByName): ObjectsByName {
  return Object.fromEntries(Object.entries(objects).sort(([a], [b]) => (a < b ? -1 : 1)));
}
