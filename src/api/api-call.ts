import type { z } from "zod";
import type { ErrorCode } from "../session/session-error.ts";

/** The names between braces in a path. */
type ParameterNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

/** The path parameters of a call, decoded. */
export type PathParameters<Path extends string> = Readonly<Record<ParameterNames<Path>, string>>;

/** One call of the API: what it takes and what it answers with. Server, client and documentation all go by it. */
export interface ApiCall<
  Path extends string = string,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path parameters stand in braces, each a whole segment. */
  readonly path: Path;
  readonly summary: string;
  readonly description?: string;
  readonly query: Query;
  /** The JSON that the call takes. Absent: none. */
  readonly body?: Body;
  /** The forms of a body that only the call's handler tells apart, for the description. */
  readonly bodyForms?: readonly z.ZodType[];
  /** The status of success. */
  readonly status: number;
  /** The JSON that it answers with. Absent: none. */
  readonly answer?: Answer;
  /** The type of an answer in lines, each of the form of `answer`. Absent: the answer is JSON as a whole. */
  readonly answerLines?: string;
  /** The types of the bytes that it takes instead of JSON. Absent: none. */
  readonly byteBody?: string;
  /** The types of the bytes that it may answer with. Absent: none. */
  readonly byteAnswers?: readonly string[];
  /** The protocols that it can be upgraded to. */
  readonly upgrades?: readonly string[];
  /** What it can be refused with, beside what `errorsOf` derives from its form. */
  readonly errors?: readonly ErrorCode[];
}

/** Keeps a call's exact types. */
export function defineCall<
  const Path extends string,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(call: ApiCall<Path, Query, Body, Answer>): ApiCall<Path, Query, Body, Answer> {
  return call;
}

/** A call's path with its parameters in place. They are encoded, so that none of them can lead to another path. */
export function callPath<Path extends string>(
  call: Pick<ApiCall<Path>, "path">,
  parameters: PathParameters<Path>,
): string {
  const values = new Map<string, string>(Object.entries(parameters));
  return call.path.replaceAll(PARAMETER, (_braces, name: string) =>
    encodeURIComponent((values.get(name) ?? "").toWellFormed()),
  );
}

/** The decoded path parameters if the path is this call's, else undefined. */
export function matchPath(
  call: Pick<ApiCall, "path">,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const wanted = segmentsOf(call.path);
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!segment.startsWith("{")) {
      if (value !== segment) return undefined;
    } else {
      parameters[segment.slice(1, -1)] = decodeSegment(value);
    }
  }
  return parameters;
}

/** Every request is compared with most of the patterns. */
function segmentsOf(pattern: string): readonly string[] {
  const known = segments.get(pattern) ?? pattern.split("/");
  segments.set(pattern, known);
  return known;
}

const segments = new Map<string, readonly string[]>();

const PARAMETER = /\{(\w+)\}/g;

/** A segment with a broken escape stands for itself; as an id or a name it is refused later. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
