import type { RoundReport } from "./round.ts";

/** What a run did and saw. */
export interface Figures {
  rounds: number;
  sessions: number;
  bytes: number;
  repeatedBytes: number;
  /** Ends that were told a second time. */
  repeatedEnds: number;
  readonly kills: Map<string, number>;
  readonly outcomes: Map<string, number>;
  /** The most that there was after a round. */
  readonly memory: { nodeRed: number; host: number };
  readonly faults: string[];
}

export function noFigures(): Figures {
  return {
    ...{ rounds: 0, sessions: 0, bytes: 0, repeatedBytes: 0, repeatedEnds: 0 },
    ...{ kills: new Map(), outcomes: new Map(), memory: { nodeRed: 0, host: 0 }, faults: [] },
  };
}

export function addRound(figures: Figures, { verdicts, kills, faults, memory }: RoundReport): void {
  figures.rounds++;
  for (const { outcome, bytes, repeatedBytes, ends } of verdicts) {
    figures.sessions++;
    figures.bytes += bytes;
    figures.repeatedBytes += repeatedBytes;
    figures.repeatedEnds += Math.max(0, ends - 1);
    count(figures.outcomes, outcome);
  }
  for (const kind of kills) count(figures.kills, kind);
  figures.memory.nodeRed = Math.max(figures.memory.nodeRed, memory.nodeRed);
  figures.memory.host = Math.max(figures.memory.host, memory.host);
  figures.faults.push(...faults);
}

const BYTES_PER_MIB = 1024 * 1024;

/** One round in a line. */
export function describeRound(
  number: number,
  { verdicts, kills, faults, memory, diary }: RoundReport,
): string {
  const bytes = verdicts.reduce((sum, verdict) => sum + verdict.bytes, 0);
  const outcomes = new Map<string, number>();
  for (const { outcome } of verdicts) count(outcomes, outcome);
  return [
    `round ${number}: ${faults.length === 0 ? "ok" : "FAULT"}`,
    `${verdicts.length} sessions (${list(outcomes)}), ${mib(bytes)}`,
    `killed: ${kills.join(", ") || "nothing"}`,
    `memory: Node-RED ${mib(memory.nodeRed)}, host ${mib(memory.host)}`,
    ...faults.map((fault) => `\n  ${fault}`),
    ...(faults.length === 0 ? [] : diary.map((line) => `\n    ${line}`)),
  ].join("; ");
}

/** The whole run in some lines. */
export function describeFigures(figures: Figures): string {
  const { rounds, sessions, bytes, repeatedBytes, repeatedEnds, kills, outcomes, memory, faults } = figures;
  return [
    `rounds ${rounds}, sessions ${sessions}`,
    `output ${mib(bytes)}, told again after a crash ${mib(repeatedBytes)}; ends told again ${repeatedEnds}`,
    `kills: ${list(kills)}`,
    `ends: ${list(outcomes)}`,
    `most memory: Node-RED ${mib(memory.nodeRed)}, session host ${mib(memory.host)}`,
    `faults: ${faults.length}`,
  ].join("\n");
}

function mib(bytes: number): string {
  return `${(bytes / BYTES_PER_MIB).toFixed(1)} MiB`;
}

function list(counts: ReadonlyMap<string, number>): string {
  return (
    [...counts]
      .sort()
      .map(([name, number]) => `${name} ${number}`)
      .join(", ") || "none"
  );
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
