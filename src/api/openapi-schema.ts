import * as z from "zod";

/** Any part of an OpenAPI description. */
export type DescribedObject = Readonly<Record<string, unknown>>;
export type ObjectsByName = Record<string, DescribedObject>;

/** What several calls refer to, by name. */
export interface Components {
  readonly schemas: ObjectsByName;
  readonly responses: ObjectsByName;
}

/**
 * A schema in JSON Schema's words, which are OpenAPI's. It says what is taken, so what is filled in by itself may be
 * absent; what JSON Schema has no words for has to say what it is in its meta. A schema with an id is put into
 * `components`, and referred to.
 */
export function describeSchema(schema: z.ZodType, components: Components): DescribedObject {
  const { $schema: _, $defs = {}, ...described } = moveReferences(z.toJSONSchema(schema, OPTIONS));
  Object.assign(components.schemas, $defs);
  return described;
}

const OPTIONS = {
  target: "draft-2020-12",
  io: "input",
  unrepresentable: "any",
  override: ({ jsonSchema }) => simplify(jsonSchema),
} as const satisfies z.core.ToJSONSchemaParams;

/** Leaves out what says nothing more: the pattern behind a format, and the bounds that every exact number has. */
function simplify(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (JSON.stringify(schema.propertyNames) === '{"type":"string"}') delete schema.propertyNames;
}

/** From where zod puts named schemas to where OpenAPI has them. */
function moveReferences(schema: DescribedObject): DescribedObject & { readonly $defs?: ObjectsByName } {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
