import { printable } from "./printable.ts";

/** A fact's value; a list is wrapped where a line ends, a text is not. Empty: the fact is left out. */
export type Fact = string | readonly string[];

/** Between a name and its value. */
const GAP = "  ";

/** Facts below each other, with their values in one column. Lists keep within `width`. */
export function formatFacts(facts: Readonly<Record<string, Fact>>, width = Number.POSITIVE_INFINITY): string {
  const there = Object.entries(facts).filter(([, value]) => value.length > 0);
  const nameWidth = Math.max(...there.map(([name]) => name.length));
  const margin = " ".repeat(nameWidth) + GAP;
  return there
    .map(([name, value]) => {
      const lines =
        typeof value === "string" ? [printable(value)] : wrap(value.map(printable), width - margin.length);
      return `${name.padEnd(nameWidth)}${GAP}${lines.join(`\n${margin}`)}\n`;
    })
    .join("");
}

function wrap(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
