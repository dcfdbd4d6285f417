import type { RuntimeSpec } from "../session/exec-session.ts";

/** What a runtime said. */
export interface RuntimeAnswer {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Why it could not be run at all, or how it ended. Absent: well. */
  readonly shortMessage?: string | undefined;
}

/** A runtime that has not answered by then hangs; a machine under load takes seconds. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** Runs a runtime to its end, and never throws. execa comes with the first question: an idle host does without its 5 MiB. */
export async function askRuntime(program: string, args: readonly string[]): Promise<RuntimeAnswer> {
  const { execa } = await import("execa");
  return execa(program, args, { reject: false, timeout: ANSWER_TIMEOUT_MS, stdin: "ignore" });
}

/** The runtime's options that say where it keeps its containers. */
export function rootArguments({ root }: RuntimeSpec): readonly string[] {
  return root === "" ? [] : ["--root", root];
}
