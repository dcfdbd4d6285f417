import type { Node, NodeAPI, NodeMessage } from "node-red";
import { errorText, SessionError } from "../session/session-error.ts";

/** The value and type of one TypedInput, as the editor saves them. */
export interface TypedValue {
  readonly value: string;
  /** `str`, `num`, `json`, `msg`, `flow`, `global`, `env`, `jsonata`, `bin`, or `none` for no value. */
  readonly type: string;
}

/** What a node needs to know a TypedInput's value for a message. */
export interface Evaluation {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly message: NodeMessage;
}

/** A TypedInput's value for a message. Undefined: left empty. Throws EXEC_INVALID_ARGUMENT if it cannot be evaluated. */
export async function evaluate(
  { RED, node, message }: Evaluation,
  field: string,
  { value, type }: TypedValue,
): Promise<unknown> {
  if (type === "none" || (typeof value === "string" && value.trim() === "" && type !== "date"))
    return undefined;
  try {
    return await new Promise((resolve, reject) => {
      RED.util.evaluateNodeProperty(value, type, node, message, (error, result: unknown) =>
        error === null || error === undefined ? resolve(result) : reject(error),
      );
    });
  } catch (error) {
    throw new SessionError(
      "EXEC_INVALID_ARGUMENT",
      `"${field}" (${type} ${JSON.stringify(value)}) cannot be evaluated: ${reasonOf(error)}`,
      { details: { field }, cause: error },
    );
  }
}

/** As {@link evaluate}, for a field that takes a number: text that is a number counts as one, since environment variables are text. */
export async function evaluateNumber(
  evaluation: Evaluation,
  field: string,
  typed: TypedValue,
): Promise<unknown> {
  const value = await evaluate(evaluation, field, typed);
  const isNumeral = typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value));
  return isNumeral ? Number(value) : value;
}

/** JSONata throws plain objects with a message. */
function reasonOf(error: unknown): string {
  const isPlain =
    typeof error === "object" && error !== null && !(error instanceof Error) && "message" in error;
  return errorText(isPlain ? error.message : error);
}
