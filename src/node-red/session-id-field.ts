import { parseSessionIdPrefix } from "../session/session-id.ts";
import { type Evaluation, evaluate, type TypedValue } from "./typed-value.ts";

/** The session id a node is to act on: an id or the beginning of one. Throws EXEC_INVALID_SESSION_ID for anything else. */
export async function evaluateSessionId(evaluation: Evaluation, typed: TypedValue): Promise<string> {
  return parseSessionIdPrefix(await evaluate(evaluation, "sessionId", typed));
}
