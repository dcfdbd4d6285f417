/** Control characters, and those that turn the direction of what follows. */
const HARMFUL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const HEX_DIGITS = 4;

/** A text of anybody's as a terminal may show it: what would make it do something is written as `\u001b` is. */
export function printable(text: string): string {
  return text.replaceAll(HARMFUL, (character) => NAMED.get(character) ?? escaped(character));
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(HEX_DIGITS, "0")}`;
}

/** What people know by a shorter name. */
const NAMED = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);
