import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileOutputLogs } from "../../src/output/file-output-logs.ts";
import type { OutputLimits } from "../../src/session/exec-config.ts";
import { NO_OUTPUT, type OutputTotals } from "../../src/session/exec-session.ts";
import type { OutputLog, OutputLogOptions } from "../../src/session/output-log.ts";

const MIB = 1024 * 1024;
const LIMITS: OutputLimits = { maxBytes: 64 * MIB, replayBytes: 8 * MIB, policy: "dropOldest" };

/** Output logs of one bundle on disk, and what their observer was told. */
export class LogOnDisk {
  readonly bundle: string;
  readonly folder: string;
  readonly errors: Error[] = [];
  readonly #logs: FileOutputLogs;
  readonly #open: OutputLog[] = [];

  constructor(bundle: string, logs = new FileOutputLogs()) {
    this.#logs = logs;
    this.bundle = bundle;
    this.folder = join(bundle, "output");
  }

  /** In a temporary folder of its own. */
  static async make(logs?: FileOutputLogs): Promise<LogOnDisk> {
    return new LogOnDisk(await mkdtemp(join(tmpdir(), "output-")), logs);
  }

  create(limits: Partial<OutputLimits> = {}): OutputLog {
    return this.#keep(this.#logs.create(this.#options(limits)));
  }

  async reopen(totals: OutputTotals = NO_OUTPUT): Promise<OutputLog> {
    return this.#keep(await this.#logs.open({ ...this.#options(), totals }));
  }

  /** The segments' paths, oldest first; none if there is no folder. */
  async files(): Promise<readonly string[]> {
    try {
      const names = (await readdir(this.folder)).filter((name) => name.endsWith(".frames"));
      return names.sort().map((name) => join(this.folder, name));
    } catch {
      return [];
    }
  }

  /** Bytes of all segments. */
  async size(): Promise<number> {
    const sizes = await Promise.all((await this.files()).map(sizeOf));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** When a segment or the folder was last changed, if only to undo a write that failed. */
  async changedAt(): Promise<number> {
    const changes = await Promise.all([this.folder, ...(await this.files())].map(changeTimeOf));
    return Math.max(...changes);
  }

  /** Closes all logs; the files stay. */
  async close(): Promise<void> {
    for (const log of this.#open.splice(0)) await log.close();
  }

  /** Closes all logs and deletes their files. */
  async empty(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.close();
    await rm(this.bundle, { recursive: true, force: true });
  }

  #options(limits: Partial<OutputLimits> = {}): OutputLogOptions {
    const observer = { onLimit: () => {}, onError: (error: Error) => this.errors.push(error) };
    return { bundle: this.bundle, limits: { ...LIMITS, ...limits }, observer };
  }

  #keep(log: OutputLog): OutputLog {
    this.#open.push(log);
    return log;
  }
}

/** 0 for a segment that has just been deleted. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

/** A file that has been dropped meanwhile changed its folder instead. */
async function changeTimeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
