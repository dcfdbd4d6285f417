import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";

/** A change that a random writer asked its store for. */
export interface Change {
  readonly verb: "create" | "save" | "saveEnd" | "cleanup" | "remove";
  readonly id: string;
  /** 0: the change is not one of the record. */
  readonly revision: number;
}

/** A change, and whether its promise had resolved when the writer died. */
export interface LoggedChange extends Change {
  readonly done: boolean;
}

/** The record that a change puts on the disk. */
export function recordOf({ verb, id, revision }: Change): ExecSession {
  const { startedAt } = EXITED;
  const ended = verb === "saveEnd" ? ({ state: "stopped", startedAt, end: EXITED } as const) : {};
  return sampleSession({ id, revision, ...ended });
}

const MAIN = fileURLToPath(new URL("./random-writer-process.ts", import.meta.url));

/** A process that changes sessions at random until it is killed. */
export class RandomWriter {
  readonly #log: string;
  readonly #child: ChildProcess;

  constructor(options: { readonly directory: string; readonly seed: number; readonly log: string }) {
    this.#log = options.log;
    const log = openSync(options.log, "w");
    this.#child = spawn(process.execPath, [MAIN, options.directory, String(options.seed)], {
      stdio: ["ignore", log, "inherit"],
    });
    closeSync(log);
  }

  /** How many changes it has asked for and finished, counted together. */
  get progress(): number {
    return readFileSync(this.#log, "utf8").split("\n").length - 1;
  }

  /** What it did until then. */
  async kill(): Promise<readonly LoggedChange[]> {
    if (this.#child.exitCode !== null)
      throw new Error(`the writer ended by itself with ${this.#child.exitCode}`);
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
    return parseLog(readFileSync(this.#log, "utf8"));
  }
}

function parseLog(log: string): readonly LoggedChange[] {
  const changes = new Map<number, LoggedChange>();
  // What follows the last line's end was torn by the kill.
  for (const line of log.split("\n").slice(0, -1)) {
    const { number, asked } = JSON.parse(line) as { number: number; asked?: Change };
    const change = asked ?? changes.get(number);
    if (change !== undefined) changes.set(number, { ...change, done: asked === undefined });
  }
  return [...changes.values()];
}
