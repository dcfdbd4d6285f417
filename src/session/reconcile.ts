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

/** A runtime that cannot be asked, because it is missing or fails, is asked again so often. */
const RETRY_MS = 2000;

/** Brings sessions that an earlier manager left running to the truth; those whose runtime cannot be asked yet, once it can. */
export class Reconciliation {
  readonly #options: ReconcileOptions;
  /** Of these it has been reported that they cannot be checked. */
  readonly #told = new Set<LiveSession>();
  #running: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ReconcileOptions) {
    this.#options = options;
  }

  /** Resolves when all have been tried. Never rejects. */
  reconcile(sessions: readonly LiveSession[]): Promise<void> {
    this.#running = this.#tryAll(sessions);
    return this.#running;
  }

  /** Tries none again; resolves when none is being tried. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #tryAll(sessions: readonly LiveSession[]): Promise<void> {
    const failures = await Promise.all(sessions.map((session) => reconcileSession(session, this.#options)));
    const unchecked = sessions.filter((session, index) => {
      const failure = failures[index];
      if (failure !== undefined && !this.#told.has(session)) this.#options.report(failure);
      return failure !== undefined;
    });
    for (const session of unchecked) this.#told.add(session);
    if (unchecked.length === 0 || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.reconcile(unchecked), RETRY_MS).unref();
  }
}

/**
 * Brings one session to the truth: adopted, killed, or ended as lost. Resolves with a sentence if it cannot be checked: no
 * answer is no proof of death, so it stays running, and its verbs say why they cannot reach it.
 */
async function reconcileSession(
  session: LiveSession,
  options: ReconcileOptions,
): Promise<string | undefined> {
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
    return undefined;
  } catch (error) {
    return `${name} was running and cannot be checked: ${errorText(error)}`;
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
