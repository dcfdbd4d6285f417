import type { ExecConfigInput } from "../session/exec-config.ts";
import type { ContainerRef } from "../session/exec-session.ts";
import { SessionError, showValue } from "../session/session-error.ts";
import { readFields } from "./create-fields.ts";
import type { ContainerSettings } from "./exec-container-node.ts";
import type { ExecCreateDefinition } from "./exec-create-definition.ts";
import type { Evaluation } from "./typed-value.ts";

/** What exec-create asks the service for. */
export interface CreateRequest {
  readonly target: ContainerRef;
  readonly config: ExecConfigInput;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Puts together what the message, the node and its exec-container say, the first one before the others. A field of
 * `msg.exec` replaces the node's; `env` and `labels` are merged by name. What the values may be is the service's to say.
 */
export async function readCreateRequest(
  evaluation: Evaluation,
  definition: ExecCreateDefinition,
  container: ContainerSettings,
): Promise<CreateRequest> {
  const { message } = evaluation;
  const override = readOverride(message.exec);
  const target = container.target(message.container);
  const defaults = container.defaults();
  const own = await readFields(evaluation, definition, override);
  const fields = withoutUndefined({
    ...withoutUndefined({ ...defaults }),
    ...withoutUndefined(own),
    ...override,
    env: mergeByName({ ...defaults.env, ...own.env }, override.env),
    labels: mergeByName(own.labels, override.labels),
  });
  // Unchecked until the service's schema has seen it, which is where bad values get their sentences.
  return { target, config: fields as unknown as ExecConfigInput };
}

function readOverride(exec: unknown): Fields {
  if (exec === undefined || exec === null) return {};
  if (isObject(exec)) return exec;
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `"msg.exec" must be an object with fields of the configuration; got ${showValue(exec)}.`,
    { details: { field: "exec" } },
  );
}

function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Of two sets of names and values; the second may also be a list of `NAME=value`. Anything else is left to the service to refuse. */
function mergeByName(first: Fields, second: unknown): unknown {
  if (second === undefined) return first;
  if (isObject(second)) return { ...first, ...second };
  if (!isEntryList(second)) return second;
  return { ...first, ...Object.fromEntries(second.map(splitEntry)) };
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEntryList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string" && entry.indexOf("=") > 0);
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}
