import { toWireError } from "../api/wire-error.ts";

/** Podman's exit code for a failure of its own; commands seldom use it. */
export const FAILURE_EXIT_CODE = 125;

/** Tells on standard error why a command line failed, and by the process's exit code that it did. */
export function reportFailure(error: unknown, json: boolean): void {
  const { message, code, details } = toWireError(error);
  process.stderr.write(
    json ? `${JSON.stringify({ message, code, details })}\n` : `exec-sessions: ${message}\n`,
  );
  process.exitCode = code === "EXEC_START_FAILED" ? startFailureExitCode(details) : FAILURE_EXIT_CODE;
}

/** 126 and 127 tell of the command, as a shell's do. */
function startFailureExitCode({ exitCode }: Readonly<Record<string, unknown>>): number {
  return typeof exitCode === "number" ? exitCode : FAILURE_EXIT_CODE;
}

/** Tells what is no failure of the command but has to be known. */
export function reportNotice(sentence: string): void {
  process.stderr.write(`exec-sessions: ${sentence}\n`);
}

/** Does the same for several sessions, one after the other; a failure of one keeps it from none of the others. */
export async function forEachSession(
  ids: readonly string[],
  json: boolean,
  work: (id: string) => Promise<void>,
): Promise<void> {
  for (const id of ids) {
    try {
      await work(id);
    } catch (error) {
      reportFailure(error, json);
    }
  }
}
