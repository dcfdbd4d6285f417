import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { matchPath } from "../../src/api/api-call.ts";
import { createOpenApi } from "../../src/api/openapi.ts";
import { CallChannel } from "../../src/client/call-channel.ts";
import { parseAddress } from "../../src/server/api-route.ts";

const CHANNEL = "http.server.request.start";

/** As much of the description as is looked at. */
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>>;
  readonly components: { readonly responses: Responses };
}
type Responses = Readonly<Record<string, Response>>;
interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<
    Record<string, { readonly schema?: { readonly properties?: ErrorProperties } }>
  >;
}
interface ErrorProperties {
  readonly code?: { readonly enum?: readonly string[] };
}

type Called = Pick<IncomingMessage, "method" | "url">;

const callOnChannel = CallChannel.prototype.call;
const described = createOpenApi() as unknown as Described;

/** Watches all HTTP servers and clients of this process for answers that the API's description does not have. */
export class UndescribedAnswers {
  readonly #found: string[] = [];

  constructor() {
    subscribe(CHANNEL, this.#watch);
    const found = this.#found;
    CallChannel.prototype.call = async function watched(line) {
      const answer = await callOnChannel.call(this, line);
      const call = { method: line.method, url: line.path };
      const code = (answer.json as { readonly code?: string } | null | undefined)?.code;
      if (!isDescribed(responsesOf(call)?.[answer.status], code))
        found.push(describe(call, answer.status, code));
      return answer;
    };
  }

  /** Ends the watch; gives what was found, a line each. */
  close(): readonly string[] {
    unsubscribe(CHANNEL, this.#watch);
    CallChannel.prototype.call = callOnChannel;
    return this.#found;
  }

  readonly #watch = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const responses = responsesOf(request);
    if (responses === undefined) return;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.end = (...args: unknown[]) => {
      const code = codeIn(args[0]);
      if (!isDescribed(responses[response.statusCode], code)) {
        this.#found.push(describe(request, response.statusCode, code));
      }
      return end(...args);
    };
  };
}

function describe({ method, url }: Called, status: number, code: string | undefined): string {
  return `${method} ${url}: ${status} ${code ?? ""}`;
}

/** Undefined: it is no call of the API. */
function responsesOf({ method = "", url = "" }: Called): Responses | undefined {
  const { path } = parseAddress(url);
  const found = Object.entries(described.paths).find(
    ([pattern, calls]) => matchPath({ path: pattern }, path) !== undefined && method.toLowerCase() in calls,
  );
  return found?.[1][method.toLowerCase()]?.responses;
}

/** The error's code, in an answer that is one. */
function codeIn(body: unknown): string | undefined {
  const text = typeof body === "string" && body.startsWith("{") ? body : "{}";
  return JSON.parse(text).code;
}

function isDescribed(response: Response | undefined, code: string | undefined): boolean {
  if (response === undefined) return false;
  if (code === undefined) return true;
  const name = response.$ref?.split("/").at(-1) ?? "";
  const { content } = described.components.responses[name] ?? response;
  return content?.["application/json"]?.schema?.properties?.code?.enum?.includes(code) ?? false;
}
