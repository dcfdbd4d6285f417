import { measureOutputThroughput, type OutputThroughput } from "./output-throughput.ts";
import { measureRoundTrips, type RoundTrip } from "./round-trip.ts";

/** One line of the table. A goal that is missed is a fact to look at, not an error: times depend on the machine. */
interface Row {
  readonly what: string;
  readonly median: string;
  readonly ratio: string;
  readonly goal: string;
}

/** How a session may compare with the bare spawn of its runtime, and an engine's exec with a session. */
const MOST_OF_BARE_SPAWN = 1.3;
const LEAST_OF_SESSION = { podman: 8, docker: 4 } as const;
const LEAST_OF_PIPE = 0.5;

await main();

/** npm run bench: everything in one run, in one table. */
async function main(): Promise<void> {
  const { times, skipped } = await measureRoundTrips();
  printTable("Round trip of `true`: create, start, end, remove", roundTripRows(times));
  for (const reason of skipped) console.log(`not measured: ${reason}`);
  printTable("Output of one command", throughputRows(await measureOutputThroughput()));
}

function roundTripRows(times: readonly RoundTrip[]): Row[] {
  const ms = new Map(times.map((time) => [time.way, time.ms]));
  const session = ms.get("crun, session") ?? ms.get("runc, session");
  return times.map((time) => {
    const row = { what: time.way, median: `${time.ms.toFixed(1)} ms`, ratio: "", goal: "" };
    const [name = ""] = time.way.split(/[ ,]/);
    const bare = ms.get(`${name} exec, bare spawn`);
    if (time.way.endsWith(", session") && bare !== undefined) {
      const ratio = time.ms / bare;
      return {
        ...row,
        ratio: `${ratio.toFixed(2)} of the bare spawn`,
        goal: atMost(MOST_OF_BARE_SPAWN, ratio),
      };
    }
    if ((name === "podman" || name === "docker") && session !== undefined) {
      const ratio = time.ms / session;
      return {
        ...row,
        ratio: `${ratio.toFixed(1)} times a session`,
        goal: atLeast(LEAST_OF_SESSION[name], ratio),
      };
    }
    return row;
  });
}

function throughputRows(rates: OutputThroughput): Row[] {
  const names: Readonly<Record<keyof OutputThroughput, string>> = {
    pipe: "raw pipe",
    consumer: "through a session to a consumer",
    reader: "through a session to a reader, all on disk",
    detached: "detached, into the log",
    replay: "replayed from disk",
  };
  return (Object.keys(names) as (keyof OutputThroughput)[]).map((way) => ({
    what: names[way],
    median: `${rates[way].toFixed(0)} MB/s`,
    ratio: way === "pipe" ? "" : `${(rates[way] / rates.pipe).toFixed(2)} of the pipe`,
    goal: way === "consumer" ? atLeast(LEAST_OF_PIPE, rates[way] / rates.pipe) : "",
  }));
}

function atMost(limit: number, ratio: number): string {
  return `at most ${limit}: ${ratio <= limit ? "met" : "missed"}`;
}

function atLeast(limit: number, ratio: number): string {
  return `at least ${limit}: ${ratio >= limit ? "met" : "missed"}`;
}

function printTable(title: string, rows: readonly Row[]): void {
  const header: Row = { what: title, median: "median", ratio: "ratio", goal: "goal" };
  const lines = [header, ...rows];
  const width = (key: keyof Row): number => Math.max(...lines.map((line) => line[key].length));
  console.log("");
  for (const line of lines) {
    const cells = [line.what.padEnd(width("what")), line.median.padStart(width("median"))];
    console.log([...cells, line.ratio.padEnd(width("ratio")), line.goal].join("  ").trimEnd());
  }
}
