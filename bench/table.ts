/** One line of the table. A goal that is missed is a fact to look at, not an error: times depend on the machine. */
export interface Row {
  readonly what: string;
  readonly median: string;
  readonly ratio: string;
  readonly goal: string;
}

/** Whether a figure is as low as it is to be. */
export function atMost(limit: number, figure: number): string {
  return `at most ${limit}: ${figure <= limit ? "met" : "missed"}`;
}

/** Whether a figure is as high as it is to be. */
export function atLeast(limit: number, figure: number): string {
  return `at least ${limit}: ${figure >= limit ? "met" : "missed"}`;
}

/** For people: columns under a title. */
export function printTable(title: string, rows: readonly Row[]): void {
  const header: Row = { what: title, median: "median", ratio: "ratio", goal: "goal" };
  const lines = [header, ...rows];
  const width = (key: keyof Row): number => Math.max(...lines.map((line) => line[key].length));
  console.log("");
  for (const line of lines) {
    const cells = [line.what.padEnd(width("what")), line.median.padStart(width("median"))];
    console.log([...cells, line.ratio.padEnd(width("ratio")), line.goal].join("  ").trimEnd());
  }
}
