import * as z from "zod";
import type { RuntimeSpec } from "../session/exec-session.ts";
import { SessionError } from "../session/session-error.ts";
import { field } from "./query-fields.ts";
import { runtimeKindSchema } from "./session-schemas.ts";

/** The parameters with which a call names its runtime. */
export const runtimeFields = z.object({
  runtime: field(runtimeKindSchema, {
    allowed: `one of ${runtimeKindSchema.options.join(", ")}`,
    description: "Absent: the container is looked up in all runtimes that the host knows.",
  }),
  runtimePath: field(z.string(), {
    allowed: "a program's path",
    description: "Absent or empty: the runtime's program is found by its name on the PATH.",
  }),
  runtimeRoot: field(z.string(), {
    allowed: "a folder",
    description: "The runtime's `--root`. Absent or empty: its own default.",
  }),
});
export type RuntimeFields = z.output<typeof runtimeFields>;

/** The runtime that a call names. Undefined: none. */
export function toRuntimeSpec(fields: RuntimeFields): RuntimeSpec | undefined {
  const { runtime: kind, runtimePath: path = "", runtimeRoot: root = "" } = fields;
  if (kind !== undefined) return { kind, path, root };
  if (path === "" && root === "") return undefined;
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    '"runtime" must be given where "runtimePath" or "runtimeRoot" is.',
    { details: { field: "runtime" } },
  );
}

/** The parameters that name a runtime. */
export function runtimeParameters(spec: RuntimeSpec): Readonly<Record<keyof RuntimeFields, string>> {
  return { runtime: spec.kind, runtimePath: spec.path, runtimeRoot: spec.root };
}
