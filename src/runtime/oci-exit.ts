import type { HostProcess } from "../process/host-process.ts";
import type { ProgramExit } from "../process/program.ts";
import { type StartError, startErrorExitCode } from "../session/exec-session.ts";
import type { ExecExit } from "../session/runtime.ts";
import { SIGNAL_EXIT_BASE, type SignalName, signalName } from "../session/signals.ts";
import { waitForEnd } from "./host-exec-process.ts";

export interface OciExitSource {
  /** How the attached runtime ended. */
  readonly runtimeExited: Promise<ProgramExit>;
  readonly identity: HostProcess;
  readonly sentSignals: ReadonlySet<SignalName>;
  /** Finds out whether the command never came to run, though its process did. */
  readonly findLateFailure: () => Promise<StartError | null>;
}

/** What the runtimes exit with when the execution itself fails, by version; a command may end with the same. */
const LATE_FAILURE_CODES = new Set([1, 126, 127, 255]);

/** How a command ended, by what its runtime exited with. */
export async function readOciExit(source: OciExitSource): Promise<ExecExit> {
  const { code } = await source.runtimeExited;
  // Killed, the runtime takes the exit code with it, and the command goes on without it.
  if (code === null) return waitForEnd(source.identity);
  const startError = LATE_FAILURE_CODES.has(code) ? await source.findLateFailure() : null;
  if (startError !== null) {
    return { exitCode: startErrorExitCode(startError.kind), signal: null, startError };
  }
  return { exitCode: code, signal: namedSignal(code, source.sentSignals), startError: null };
}

/** The runtimes tell a signal as 128 and its number, which a command can also exit with; so only a signal sent from here counts. */
function namedSignal(code: number, sentSignals: ReadonlySet<SignalName>): SignalName | null {
  const name = code > SIGNAL_EXIT_BASE ? signalName(code - SIGNAL_EXIT_BASE) : undefined;
  return name !== undefined && sentSignals.has(name) ? name : null;
}
