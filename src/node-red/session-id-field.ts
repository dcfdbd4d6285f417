import { SessionError } from "../session/session-error.ts";
import { parseSessionIdPrefix } from "../session/session-id.ts";
import { type Evaluation, evaluate, type TypedValue } from "./typed-value.ts";

/** The session id a node is to act on: an id or the beginning of one. Throws EXEC_INVALID_SESSION_ID for anything else. */
export async function evaluateSessionId(evaluation: Evaluation, typed: TypedValue): Promise<string> {
  const value = await evaluate(evaluation, "sessionId", typed);
  if (value !== undefined && value !== null && value !== "") return parseSessionIdPrefix(value);
  throw new SessionError(
    "EXEC_INVALID_SESSION_ID",
    `${placeOf(evaluation, typed)} is empty; it must be a session id.`,
    { details: { field: "sessionId" } },
  );
}

/** Where the id was looked for, in a flow author's words. */
function placeOf({ RED }: Evaluation, { value, type }: TypedValue): string {
  if (value.trim() === "") return 'The field "Session"';
  switch (type) {
    case "msg":
      return `"msg.${value}"`;
    case "flow":
    case "global":
      return `"${type}.${RED.util.parseContextStore(value).key}"`;
    case "env":
      return `The environment variable ${value}`;
    default:
      return "The value of the expression";
  }
}
