import { constants } from "node:os";
import { SessionError, showValue } from "./session-error.ts";

/** A signal's name as POSIX and Node.js write it, such as `SIGTERM`. */
export type SignalName = NodeJS.Signals;

/** What a signal may be given as, for error sentences. */
export const SIGNAL_RULE = "a signal's name such as SIGTERM, or its number from 1 to 31";

/** Takes `SIGTERM`, `term`, `15` or `"15"`, as `docker kill --signal` does; throws EXEC_INVALID_ARGUMENT otherwise. */
export function parseSignal(raw: unknown, field = "signal"): SignalName {
  const name = signalName(raw);
  if (name !== undefined) return name;
  throw new SessionError(
    "EXEC_INVALID_ARGUMENT",
    `"${field}" must be ${SIGNAL_RULE}; got ${showValue(raw)}.`,
    { details: { field } },
  );
}

/**
 * The name of a signal given by name (with or without SIG, any case) or number; undefined if there is none. Of several
 * names for one signal it is the usual one, which is also what an exit is reported with.
 */
export function signalName(raw: unknown): SignalName | undefined {
  if (typeof raw !== "string" && typeof raw !== "number") return undefined;
  const text = String(raw).trim().toUpperCase();
  const number = /^\d+$/.test(text)
    ? Number(text)
    : numbersByName.get(text.startsWith("SIG") ? text : `SIG${text}`);
  return number === undefined ? undefined : namesByNumber.get(number);
}

/** The number of a signal on this machine. */
export function signalNumber(name: SignalName): number {
  return constants.signals[name];
}

/** A process that a signal ended has this exit code, as shells, Podman and the OCI runtimes report it. */
export const SIGNAL_EXIT_BASE = 128;

const numbersByName = new Map<string, number>(Object.entries(constants.signals));
const namesByNumber = new Map<number, SignalName>();
for (const [name, number] of numbersByName) {
  // The first name of a number is the usual one: SIGABRT before SIGIOT, SIGIO before SIGPOLL.
  if (!namesByNumber.has(number)) namesByNumber.set(number, name as SignalName);
}
