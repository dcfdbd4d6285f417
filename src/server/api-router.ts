import type { IncomingMessage } from "node:http";
import type { CallLine } from "../api/calls-protocol.ts";
import { errorText, isSessionError } from "../session/session-error.ts";
import {
  type Answer,
  type Caller,
  findRoute,
  needsOwnConnection,
  parseAddress,
  type Route,
  type StatusAnswer,
} from "./api-route.ts";
import { toErrorAnswer } from "./send-answer.ts";

/** Finds what answers a call, however it has come. */
export class ApiRouter {
  readonly #routes: readonly Route[];
  readonly #report: (sentence: string) => void;

  /** `report` is told, in one sentence each, what is wrong with the host itself. */
  constructor(routes: readonly Route[], report: (sentence: string) => void) {
    this.#routes = routes;
    this.#report = report;
  }

  /** The answer to a request. Rejects with what it is refused with. */
  async answer(
    { method = "", url = "" }: Pick<IncomingMessage, "method" | "url">,
    caller: Pick<Caller, "isOwnClient" | "exchange" | "gone">,
    readBody: () => Promise<unknown>,
  ): Promise<Answer> {
    const { path, query, ...dialect } = parseAddress(url);
    const { route, parameters } = findRoute(this.#routes, method, path);
    return route.answer({ parameters, query, readJson: readBody, from: { ...dialect, ...caller } });
  }

  /** What is said to one call of many on a connection. Never rejects. */
  async answerLine({ method, path, body }: CallLine, gone: AbortSignal): Promise<StatusAnswer> {
    const call = { method, url: path };
    try {
      const from = { isOwnClient: true, exchange: null, gone };
      const answer = await this.answer(call, from, async () => body ?? {});
      return typeof answer === "function" ? toErrorAnswer(needsOwnConnection()) : answer;
    } catch (error) {
      this.reportFault(call, error, gone);
      return toErrorAnswer(error);
    }
  }

  /** Reports an error that is none of the caller's making. */
  reportFault(
    { method, url }: Pick<IncomingMessage, "method" | "url">,
    error: unknown,
    gone: AbortSignal,
  ): void {
    if (isSessionError(error) || gone.aborted) return;
    this.#report(`${method} ${url} failed: ${errorText(error)}`);
  }
}
