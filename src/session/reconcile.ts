import type { LiveSession } from "./live-session.ts";
import type { ExecProcess, Runtime, RuntimeProvider } from "./runtime.ts";
import { errorText } from "./session-error.ts";

/**
 * What happens to commands that outlived their manager: their exit code can no longer be known.
 * `keep`: they go on, and end as `lost`. `stop`: they are killed.
 */
export type OrphanPolicy = "keep" | "stop";

export interface ReconcileOptions {
  readonly runtimes: RuntimeProvider;
  readonly bundle: (id: string) => string;
  readonly orphans: OrphanPolicy;
  readonly report: (sentence: string) => void;
}

/** Brings a session that an earlier manager left running to the truth: adopted, killed, or ended as lost. */
export async function reconcileSession(session: LiveSession, options: ReconcileOptions): Promise<void> {
  const { id, runtime: spec, identity } = session.record;
  const name = `Session ${id.slice(0, 12)}`;
  try {
    const runtime = await options.runtimes(spec);
    const process = await runtime.recover({ identity, bundle: options.bundle(id) });
    if (process === null) {
      await session.endAsLost();
      options.report(`${name} ended while nothing watched it; its exit code is unknown.`);
    } else {
      await takeOver(session, process, runtime, options, name);
    }
  } catch (error) {
    // No answer is no proof of death: the session stays running, and its verbs say why they cannot reach it.
    options.report(`${name} was running and cannot be checked: ${errorText(error)}`);
  }
}

async function takeOver(
  session: LiveSession,
  process: ExecProcess,
  runtime: Runtime,
  { orphans, report }: ReconcileOptions,
  name: string,
): Promise<void> {
  await session.adopt(process, runtime);
  if (orphans === "keep") {
    report(`${name} still runs without its output; its exit code will be unknown.`);
    return;
  }
  report(`${name} still ran without its manager and is stopped.`);
  session.stopUnasked("stop");
}
