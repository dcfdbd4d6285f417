import { InvalidArgumentError } from "commander";

/** Takes a whole number from 0. */
export function parseWholeNumber(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError("It must be a whole number from 0.");
}

/** Takes a place in a session's output. */
export function parseOffset(text: string): number {
  if (/^\d+$/.test(text)) return parseWholeNumber(text);
  throw new InvalidArgumentError(
    "It must be a number of bytes from 0, after which to begin: output is kept without times.",
  );
}

/** Takes a number of seconds from 0. */
export function parseSeconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number of seconds from 0.");
}

/** Takes `NAME=VALUE`, given any number of times; the last of equal names counts. */
export function collectPair(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be NAME=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Takes `NAME=VALUE`, or a NAME whose value is this process's own; one that has none is left out. */
export function collectVariable(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  if (text.includes("=")) return collectPair(text, before);
  const value = process.env[text];
  return value === undefined ? before : { ...before, [text]: value };
}

/** Takes the path of a folder, which need not be there. */
export function parseFolder(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must be the path of a folder.");
}
