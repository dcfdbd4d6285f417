import * as z from "zod";
import { SessionError, showValue } from "../session/session-error.ts";

/** What a field may be, for error sentences and for the API's description. */
export const ALLOWED = "x-allowed";

/** A query parameter that may be left out. `description` says what it does and what its absence means. */
export function field<Schema extends z.ZodType>(
  schema: Schema,
  about: {
    readonly allowed: string;
    readonly description: string;
    readonly type?: "integer" | "number" | "boolean";
  },
): z.ZodExactOptional<Schema> {
  const { allowed, ...rest } = about;
  return z.exactOptional(schema).meta({ ...rest, [ALLOWED]: allowed });
}

export const wholeNumber = z.string().regex(/^\d+$/).transform(Number).refine(Number.isSafeInteger);

export const seconds = z
  .string()
  .regex(/^\d+(\.\d+)?(e[+-]?\d+)?$/)
  .transform(Number);

/** As Docker and Podman write them. */
export const flag = z
  .enum(["1", "true", "True", "0", "false", "False"])
  .transform((text) => text === "1" || text.toLowerCase() === "true");

/** Any JSON text. */
export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue("no JSON");
    return z.NEVER;
  }
});

/** Takes a call's query parameters; throws EXEC_INVALID_ARGUMENT with a sentence for the first bad one. */
export function parseQuery<Schema extends z.ZodObject>(
  schema: Schema,
  parameters: URLSearchParams,
): z.output<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(parameters));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0] ?? (issue?.code === "unrecognized_keys" ? issue.keys[0] : ""));
  throw invalidParameter(schema, name, parameters.get(name));
}

function invalidParameter(schema: z.ZodObject, name: string, value: string | null): SessionError {
  const allowed = schema.shape[name] && z.globalRegistry.get(schema.shape[name])?.[ALLOWED];
  const names = Object.keys(schema.shape).join(", ") || "none";
  const sentence = allowed
    ? `"${name}" must be ${allowed}; got ${showValue(value)}.`
    : `There is no parameter ${showValue(name)}; allowed: ${names}.`;
  return new SessionError("EXEC_INVALID_ARGUMENT", sentence, { details: { field: name } });
}
