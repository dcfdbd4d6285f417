import * as z from "zod";
import { showKind, showValue } from "./session-error.ts";

/** As callers give it: values by name, or a list of `NAME=value`, in which the last of equal names counts. */
export type EnvironmentInput = Readonly<Record<string, string>> | readonly string[];

/** Takes both forms; gives values by name. */
export const environmentSchema = z
  .custom<EnvironmentInput>((raw) => environmentFault(raw) === undefined)
  .transform(valuesByName);

/** Both forms in JSON Schema's words, for the API's description. */
export const ENVIRONMENT_FORMS = [
  { type: "object", additionalProperties: { type: "string" } },
  { type: "array", items: { type: "string" } },
] as const;

/** What an environment may be, for error sentences. */
export const ENVIRONMENT_RULE = "an object of names and string values, or a list of NAME=value";

/**
 * What is wrong with an environment, as a clause of a sentence; undefined if nothing. It shows names but never a value,
 * which may be a secret.
 */
export function environmentFault(raw: unknown): string | undefined {
  if (Array.isArray(raw)) return firstFault(Array.from(raw, (entry, index) => entryFault(entry, index + 1)));
  // Not instanceof: an object from Node-RED's function node has another realm's prototype.
  if (Object.prototype.toString.call(raw) !== "[object Object]") return `it is ${showKind(raw)}`;
  return firstFault(Object.entries(Object(raw)).map(([name, value]) => variableFault(name, value)));
}

function firstFault(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find((fault) => fault !== undefined);
}

function entryFault(entry: unknown, number: number): string | undefined {
  if (typeof entry !== "string") return `entry ${number} is ${showKind(entry)}`;
  const at = entry.indexOf("=");
  if (at === -1) return `entry ${number} has no =`;
  if (at === 0) return `entry ${number} has no name`;
  return variableFault(...splitEntry(entry));
}

function variableFault(name: string, value: unknown): string | undefined {
  if (name === "") return "a name is empty";
  if (name.includes("=")) return `the name ${showValue(name.slice(0, name.indexOf("=")))} is followed by a =`;
  if (name.includes("\0")) return `the name ${showValue(name)} has a NUL byte`;
  if (name === UNSAFE_NAME) return `the name ${UNSAFE_NAME} is not possible`;
  if (typeof value !== "string") return `the value of ${showValue(name)} is ${showKind(value)}`;
  if (value.includes("\0")) return `the value of ${showValue(name)} has a NUL byte`;
  return undefined;
}

/** JavaScript's objects lose a value of this name on the way. */
export const UNSAFE_NAME = "__proto__";

function valuesByName(input: EnvironmentInput): Readonly<Record<string, string>> {
  return Object.fromEntries(isList(input) ? input.map(splitEntry) : Object.entries(input));
}

function isList(input: EnvironmentInput): input is readonly string[] {
  return Array.isArray(input);
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}
