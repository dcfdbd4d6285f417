import { toWireError } from "../api/wire-error.ts";
import { FAILURE_EXIT_CODE } from "./failure-exit-code.ts";
import { printable } from "./printable.ts";

/** Tells on standard error why a command line failed, and by the process's exit code that it did. */
export function reportFailure(error: unknown, json: boolean): void {
  const { message, code, details } = toWireError(error);
  if (json) process.stderr.write(`${JSON.stringify({ message, code, details })}\n`);
  else reportNotice(message);
  process.exitCode = code === "EXEC_START_FAILED" ? startFailureExitCode(details) : FAILURE_EXIT_CODE;
}

/** 126 and 127 tell of the command, as a shell's do. */
function startFailureExitCode({ exitCode }: Readonly<Record<string, unknown>>): number {
  return typeof exitCode === "number" ? exitCode : FAILURE_EXIT_CODE;
}

/** Tells what is no failure of the command but has to be known. */
export function reportNotice(sentence: string): void {
  process.stderr.write(`exec-sessions: ${printable(sentence)}\n`);
}

/**
 * Does the same for several sessions at once, and tells what came of it in their order. A failure of one keeps it from none
 * of the others.
 */
export async function forEachSession<Result>(
  ids: readonly string[],
  json: boolean,
  work: (id: string) => Promise<Result>,
  tell: (result: Result) => void | Promise<void>,
): Promise<void> {
  const outcomes = ids.map((id) => Promise.allSettled([work(id)]));
  for (const outcome of outcomes) {
    const [result] = await outcome;
    if (result.status === "fulfilled") await tell(result.value);
    else reportFailure(result.reason, json);
  }
}
