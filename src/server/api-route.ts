import type { z } from "zod";
import { type ApiCall, matchPath, type PathParameters } from "../api/api-call.ts";
import { API_VERSION_HEADER } from "../api/api-version.ts";
import { parseQuery } from "../api/query-fields.ts";
import { SessionError } from "../session/session-error.ts";
import type { Exchange } from "./exchange.ts";

/** What a call answers with: a status with or without JSON, or a function that writes the answer itself. */
export type Answer = StatusAnswer | ((exchange: Exchange) => void | Promise<void>);

export interface StatusAnswer {
  readonly status: number;
  readonly json?: unknown;
}

/** What a call was made with, checked. */
export interface CallInput<Path extends string, Query extends z.ZodType, Body extends z.ZodType> {
  readonly parameters: PathParameters<Path>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly from: Caller;
}

/** Who made the call, and how. */
export interface Caller {
  /** Whether it speaks this package's own API; else it is a Docker or Podman client, or a person with curl. */
  readonly isOwnClient: boolean;
  readonly isPodman: boolean;
  /** The version of Docker's API in the path. Undefined: none was named. */
  readonly dockerVersion: string | undefined;
  /** Null: it came on a connection of many calls. */
  readonly exchange: Exchange | null;
  /** Aborts when the caller has gone. */
  readonly gone: AbortSignal;
}

/** A call with what the host does about it. */
export interface Route {
  readonly call: ApiCall;
  readonly answer: (request: RoutedRequest) => Promise<Answer>;
}

export interface RoutedRequest {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON that came with it; an empty object if none did. */
  readonly readJson: () => Promise<unknown>;
  readonly from: Caller;
}

/** Puts a call and its handler together; the handler sees only what the call's schemas let through. */
export function route<
  Path extends string,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Output extends z.ZodType,
>(
  call: ApiCall<Path, Query, Body, Output>,
  handler: (input: CallInput<Path, Query, Body>) => Promise<Answer> | Answer,
): Route {
  return {
    call,
    answer: async ({ parameters, query, readJson, from }) =>
      handler({
        // matchPath() has taken them from this very path.
        parameters: parameters as PathParameters<Path>,
        query: parseQuery(call.query, query),
        body: (call.body && parseBody(call.body, await readJson())) as z.output<Body>,
        from,
      }),
  };
}

/** Takes a request's JSON; throws EXEC_BAD_REQUEST with a sentence for the first thing that is wrong with it. */
export function parseBody<Body extends z.ZodType>(schema: Body, raw: unknown): z.output<Body> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new SessionError(
    "EXEC_BAD_REQUEST",
    `The request's ${field === "" ? "body" : `field "${field}"`} is wrong: ${issue?.message}.`,
    { details: { field } },
  );
}

/** The route for a method and a path. Throws EXEC_CALL_NOT_FOUND or EXEC_METHOD_NOT_ALLOWED. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: Readonly<Record<string, string>> } {
  const matches = routes.flatMap((each) => {
    const parameters = matchPath(each.call, path);
    return parameters === undefined ? [] : [{ route: each, parameters }];
  });
  const wanted = method === "HEAD" ? "GET" : method;
  const match = matches.find(({ route: { call } }) => call.method === wanted);
  if (match !== undefined) return match;
  if (matches.length === 0)
    throw new SessionError("EXEC_CALL_NOT_FOUND", `The API has no call ${method} ${path}.`);
  const allowed = matches.map(({ route: { call } }) => call.method);
  throw new SessionError(
    "EXEC_METHOD_NOT_ALLOWED",
    `The call ${path} takes ${allowed.join(" or ")}, not ${method}.`,
    {
      details: { allowed },
    },
  );
}

/** Takes a request's address apart: Docker's version and Podman's `/libpod` may stand before every path. */
export function parseAddress(url: string): {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly dockerVersion: string | undefined;
  readonly isPodman: boolean;
} {
  const [address = "", ...query] = url.split("?");
  const [, version, libpod, path = ""] = PREFIXED_PATH.exec(address) ?? [];
  return {
    path,
    query: new URLSearchParams(query.join("?")),
    dockerVersion: version,
    isPodman: libpod !== undefined,
  };
}

/** Whether a request is in this package's own words. */
export function isFromOwnClient({ request }: Exchange): boolean {
  return request.headers[API_VERSION_HEADER] !== undefined;
}

/** The exchange of a call that needs a connection for itself. Throws EXEC_BAD_REQUEST for one of many on a connection. */
export function ownExchange({ exchange }: Caller): Exchange {
  if (exchange !== null) return exchange;
  throw needsOwnConnection();
}

export function needsOwnConnection(): SessionError {
  return new SessionError(
    "EXEC_BAD_REQUEST",
    "This call takes or gives other than JSON, so it needs a connection of its own.",
  );
}

const PREFIXED_PATH = /^(?:\/v(\d+(?:\.\d+)*)(?=\/))?(\/libpod(?=\/))?(.*)$/s;
