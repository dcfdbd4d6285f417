import * as z from "zod";
import { type ErrorCode, errorCodes } from "../session/session-error.ts";
import type { ApiCall } from "./api-call.ts";
import { errorsOf } from "./call-errors.ts";
import { http } from "./node-http.ts";
import { type Components, type DescribedObject, describeSchema } from "./openapi-schema.ts";
import { ALLOWED } from "./query-fields.ts";
import { wireErrorSchema } from "./wire-error.ts";

const JSON_TYPE = "application/json";
const UPGRADED = 101;

const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  container: "The container's id or name.",
  id: "The session's id: 64 hexadecimal digits, or as many of the first ones as only this session has.",
};

/** A call in OpenAPI's words; what other calls have, too, is put into `components`. */
export function describeOperation(call: ApiCall, components: Components): DescribedObject {
  const description = [call.description, aboutUpgrades(call)].filter((text) => text !== undefined);
  const parameters = [...describePath(call.path), ...describeQuery(call, components)];
  return {
    summary: call.summary,
    ...(description.length === 0 ? {} : { description: description.join("\n\n") }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...describeBody(call, components),
    responses: {
      [call.status]: describeAnswer(call, components),
      ...describeUpgrade(call),
      ...describeErrors(errorsOf(call), components),
    },
  };
}

function aboutUpgrades({ upgrades, status }: ApiCall): string | undefined {
  if (upgrades === undefined) return undefined;
  const headers = upgrades.map((protocol) => `\`Upgrade: ${protocol}\``).join(" or ");
  const without = status === UPGRADED ? "it is refused" : "the connection ends with the answer";
  return `With ${headers} it is answered with ${UPGRADED} and leaves HTTP. Without, ${without}.`;
}

function describeUpgrade({ upgrades }: ApiCall): DescribedObject {
  if (upgrades === undefined) return {};
  const headers = { Upgrade: { required: true, schema: { type: "string", enum: upgrades } } };
  return {
    [UPGRADED]: { description: "The connection carries the protocol's bytes from here on.", headers },
  };
}

function describePath(path: string): readonly DescribedObject[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: PATH_PARAMETERS[name],
    schema: { type: "string" },
  }));
}

function describeQuery({ query }: ApiCall, components: Components): readonly DescribedObject[] {
  return Object.entries<z.ZodType>(query.shape).map(([name, field]) => {
    const { description, [ALLOWED]: allowed, ...schema } = describeSchema(field, components);
    const about = { name, in: "query", description: `${description} Allowed: ${allowed}.` };
    const parsed = schemaInText(field);
    if (parsed !== undefined)
      return { ...about, content: { [JSON_TYPE]: { schema: describeSchema(parsed, components) } } };
    // The pattern of a number's text is none of the number's.
    return { ...about, schema: schema.type === "string" ? schema : { type: schema.type } };
  });
}

/** The schema of a parameter that is itself JSON. Undefined: it is not. */
function schemaInText(field: z.ZodType): z.ZodType | undefined {
  const text = field instanceof z.ZodExactOptional ? field.unwrap() : field;
  return text instanceof z.ZodPipe && text.out instanceof z.ZodObject ? text.out : undefined;
}

function describeBody({ body, bodyForms, byteBody }: ApiCall, components: Components): DescribedObject {
  if (byteBody !== undefined) return { requestBody: { content: { [byteBody]: {} } } };
  if (body === undefined) return {};
  const forms = bodyForms ?? [body];
  const described = forms.map((form) => describeSchema(form, components));
  const schema = described.length === 1 ? described[0] : { anyOf: described };
  const required = !forms.some((form) => form.safeParse({}).success);
  return { requestBody: { required, content: { [JSON_TYPE]: { schema } } } };
}

function describeAnswer(call: ApiCall, components: Components): DescribedObject {
  const { status, answer, answerLines = JSON_TYPE, byteAnswers = [] } = call;
  const content = {
    ...(answer === undefined ? {} : { [answerLines]: { schema: describeSchema(answer, components) } }),
    ...Object.fromEntries(byteAnswers.map((type) => [type, {}])),
  };
  const description = http.STATUS_CODES[status];
  return Object.keys(content).length === 0 ? { description } : { description, content };
}

/** One answer for each status, with the codes that it may have. */
function describeErrors(codes: readonly ErrorCode[], components: Components): DescribedObject {
  const codesByStatus = Object.groupBy(codes, (code) => errorCodes[code].status);
  return Object.fromEntries(
    Object.entries(codesByStatus).map(([status, same = []]) => {
      const [code, ...others] = same;
      const response = describeError(same, components);
      if (code === undefined || others.length > 0) return [status, response];
      components.responses[code] = response;
      return [status, { $ref: `#/components/responses/${code}` }];
    }),
  );
}

function describeError(codes: readonly ErrorCode[], components: Components): DescribedObject {
  const description = codes.map((code) => `- \`${code}\`: ${errorCodes[code].meaning}`).join("\n");
  const schema = { ...describeSchema(wireErrorSchema, components), properties: { code: { enum: codes } } };
  return { description, content: { [JSON_TYPE]: { schema } } };
}
