import { MAX_TIMEOUT_SECONDS } from "./exec-config.ts";
import type { ExecSession } from "./exec-session.ts";
import type { ExecProcess } from "./runtime.ts";
import { SessionError, showValue } from "./session-error.ts";
import type { StopOptions } from "./session-service.ts";
import { parseSignal, type SignalName } from "./signals.ts";

/** Enough for a kernel under load to end killed processes; Podman waits as long. */
export const KILL_WAIT_MS = 5000;
/** Podman's and Docker's default, in seconds, where neither the session nor the container says. */
export const DEFAULT_STOP_TIMEOUT_S = 10;

export interface StopRequest {
  readonly signal: SignalName;
  readonly timeoutMs: number;
}

/** The steps of one stop: signal, wait, SIGKILL to all that is left. A later request can only bring its end forward. */
export class StopEscalation {
  readonly #process: ExecProcess;
  readonly #impatient = Promise.withResolvers<void>();
  #deadline = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(process: ExecProcess) {
    this.#process = process;
  }

  /** Resolves when SIGKILL has been sent to whatever is left of the command. */
  async run(request: StopRequest): Promise<void> {
    this.hasten(request.timeoutMs);
    try {
      if (request.timeoutMs > 0) {
        await this.#process.kill(request.signal);
        await Promise.race([this.#process.exited, this.#impatient.promise]);
      }
    } finally {
      this.#endWait();
    }
    await this.#process.killAll();
  }

  /** Ends the wait after this time, unless it ends earlier anyway. */
  hasten(timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#impatient.resolve, timeoutMs);
  }

  #endWait(): void {
    clearTimeout(this.#timer);
    // Whoever hastens now is too late to need a timer.
    this.#deadline = Number.NEGATIVE_INFINITY;
  }
}

/** How a session stops when the caller does not say: as it was created, else as its container is stopped, else SIGTERM and 10 s. */
export function defaultStop({ config, container }: Pick<ExecSession, "config" | "container">): StopRequest {
  const timeout = config.stopTimeout ?? container.stopTimeout ?? DEFAULT_STOP_TIMEOUT_S;
  // A container may be given any time, as good as none; a timer may not.
  const timeoutMs = Math.min(timeout, MAX_TIMEOUT_SECONDS) * MS_PER_SECOND;
  return { signal: config.stopSignal ?? "SIGTERM", timeoutMs };
}

/** Takes what the caller said over a default; throws EXEC_INVALID_ARGUMENT for a bad time-out or signal. */
export function parseStopRequest(options: StopOptions, fallback: StopRequest): StopRequest {
  const { timeout, signal } = options;
  return {
    signal: signal === undefined ? fallback.signal : parseSignal(signal),
    timeoutMs: timeout === undefined ? fallback.timeoutMs : parseTimeout(timeout) * MS_PER_SECOND,
  };
}

function parseTimeout(raw: unknown): number {
  if (typeof raw === "number" && raw >= 0 && raw <= MAX_TIMEOUT_SECONDS) return raw;
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `"timeout" must be a number of seconds from 0 to ${MAX_TIMEOUT_SECONDS}; got ${showValue(raw)}.`,
    { details: { field: "timeout" } },
  );
}

const MS_PER_SECOND = 1000;
