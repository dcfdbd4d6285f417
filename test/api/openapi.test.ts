import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { ApiCall } from "../../src/api/api-call.ts";
import { errorsOf } from "../../src/api/call-errors.ts";
import { hostCalls } from "../../src/api/host-calls.ts";
import { createOpenApi } from "../../src/api/openapi.ts";
import { sessionCalls } from "../../src/api/session-calls.ts";
import { errorCodes } from "../../src/session/session-error.ts";

const document = createOpenApi();
const calls = Object.entries<ApiCall>({ ...hostCalls, ...sessionCalls });

/** Errors that no call is answered with: nodes make them, clients do, a host's start, or a path that is no call's. */
const NEVER_OF_A_CALL = [
  "EXEC_STATE_DIR_UNUSABLE",
  "EXEC_STATE_DIR_IN_USE",
  "EXEC_NO_CONTAINER",
  "EXEC_NONZERO_EXIT",
  "EXEC_SIGNALLED",
  "EXEC_TIMED_OUT",
  "EXEC_EXIT_UNKNOWN",
  "EXEC_CALL_NOT_FOUND",
  "EXEC_METHOD_NOT_ALLOWED",
  "EXEC_SOCKET_UNUSABLE",
  "EXEC_BAD_ANSWER",
  "EXEC_HOST_UNREACHABLE",
];

describe("the API's description", () => {
  it("is the one in docs/openapi.json; npm run openapi writes it", () => {
    const written = readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8");
    assert.deepEqual(JSON.parse(written), document);
  });

  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    assert.deepEqual(await validator.validate(structuredClone(document)), { valid: true });
    assert.equal(validator.version, "3.1");
  });

  it("has every call once, under its own name", () => {
    const described = operations().map(({ method, path, operation }) => [
      operation.operationId,
      method.toUpperCase(),
      path,
      operation.summary,
    ]);
    const wanted = calls.map(([name, { method, path, summary }]) => [name, method, path, summary]);
    assert.deepEqual(described.sort(), wanted.sort());
  });

  it("declares every parameter in a path, and no parameter twice", () => {
    for (const { path, operation } of operations()) {
      const { parameters = [] } = operation;
      const inPath = parameters.filter((each) => each.in === "path").map(({ name }) => `{${name}}`);
      assert.deepEqual(inPath, path.match(/\{\w+\}/g) ?? [], path);
      assert.equal(new Set(parameters.map(({ name }) => name)).size, parameters.length, path);
      for (const { name, description } of parameters) assert.ok(description, `${path}: ${name}`);
    }
  });

  it("has every status that a call can be refused with, and every code", () => {
    for (const [name, call] of calls) {
      const { responses } = operationOf(name);
      const codes = errorsOf(call);
      const statuses = new Set([call.status, ...codes.map((code) => errorCodes[code].status)]);
      if (call.upgrades !== undefined) statuses.add(101);
      assert.deepEqual(Object.keys(responses).map(Number).sort(), [...statuses].sort(), name);
      const described = Object.values(responses).flatMap((each) => codesOf(each));
      assert.deepEqual(described.sort(), [...codes].sort(), name);
    }
  });

  it("has every error of the table with some call, but those that no call is answered with", () => {
    const used = new Set<string>(calls.flatMap(([, call]) => errorsOf(call)));
    assert.deepEqual(
      Object.keys(errorCodes).filter((code) => !used.has(code)),
      NEVER_OF_A_CALL,
    );
  });

  it("says of every call that can leave HTTP that it does, and with which protocols", () => {
    const upgraded = calls.filter(([, { upgrades }]) => upgrades !== undefined).map(([name]) => name);
    assert.deepEqual(upgraded, ["openCalls", "startSession", "attachSession"]);
    assert.match(
      operationOf("openCalls").description ?? "",
      /`Upgrade: exec-session-calls\/1` .* it is refused/,
    );
    for (const name of upgraded.slice(1)) {
      assert.match(
        operationOf(name).description ?? "",
        /`Upgrade: tcp` or `Upgrade: exec-session-attachment\/1` .* leaves HTTP/,
      );
    }
  });

  it("refers to nothing that is not there, and has nothing that is not referred to", () => {
    const { schemas, responses } = asDocument().components;
    const there = [
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ];
    const used = new Set(findAll(document, "$ref"));
    assert.deepEqual([...used].sort(), there.sort());
  });

  it("has a form for every field", () => {
    const bare = fieldsOf(document).filter(([, schema]) => !FORMS.some((word) => word in Object(schema)));
    assert.deepEqual(bare, []);
  });
});

const FORMS = ["type", "anyOf", "oneOf", "$ref", "const", "enum"];

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description: string;
  }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

function asDocument() {
  return document as unknown as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: {
      readonly schemas: Readonly<Record<string, unknown>>;
      readonly responses: Readonly<Record<string, unknown>>;
    };
  };
}

function operations() {
  return Object.entries(asDocument().paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
}

function operationOf(name: string): Operation {
  const found = operations().find(({ operation }) => operation.operationId === name);
  assert.ok(found, name);
  return found.operation;
}

/** The error codes that an answer may have. */
function codesOf(response: unknown): readonly string[] {
  const [reference] = findAll(response, "$ref");
  const name = String(reference).replace("#/components/responses/", "");
  const shared = asDocument().components.responses[name];
  return findAll(shared ?? response, "code").flatMap((code) => Object(code).enum ?? []);
}

/** The values of all members of this name, wherever they are. */
function findAll(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...findAll(member, name),
  ]);
}

/** All named fields of all schemas. */
function fieldsOf(value: unknown): readonly [string, unknown][] {
  return findAll(value, "properties").flatMap((properties) => Object.entries(Object(properties)));
}
