import { errorText } from "../session/session-error.ts";

/**
 * An error as Node-RED's Catch node passes it on: it copies `code`, `cause` and `stack`, and takes the sentence from
 * `toString()`.
 */
export class FlowError extends Error {
  readonly code?: string;

  /** `sentence` replaces the error's own. */
  constructor(error: unknown, sentence = errorText(error)) {
    const { cause } = error instanceof Error ? error : {};
    super(sentence, cause === undefined ? undefined : { cause });
    if (error instanceof Error && error.stack !== undefined) this.stack = error.stack;
    if (hasCode(error)) this.code = error.code;
  }

  override toString(): string {
    return this.message;
  }
}

function hasCode(error: unknown): error is { readonly code: string } {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
}
