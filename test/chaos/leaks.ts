import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { findOwnProcesses } from "../support/own-processes.ts";
import { namesIn } from "./state-on-disk.ts";

/** What was let go of may take so long to be gone. */
const SETTLE_MS = 10_000;
const POLL_MS = 50;

/** What may be there between two rounds. */
export interface LeakRequest {
  readonly allowedPids: readonly number[];
  readonly emptyFolders: readonly string[];
  /** In the temporary folder. */
  readonly namesBefore: ReadonlySet<string>;
}

/** What is there and should not be, once it has had time to go: processes, in containers too, and files. */
export async function findLeaks(request: LeakRequest): Promise<readonly string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const leaks = currentLeaks(request);
    if (leaks.length === 0 || performance.now() > deadline) return leaks;
    await wait(POLL_MS);
  }
}

function currentLeaks({ allowedPids, emptyFolders, namesBefore }: LeakRequest): readonly string[] {
  return [
    ...findOwnProcesses(tmpdir())
      .filter(({ pid }) => !allowedPids.includes(pid))
      .map(({ pid, command }) => `process ${pid} is left: ${command.slice(0, MAX_COMMAND)}`),
    ...emptyFolders.flatMap((folder) => namesIn(folder).map((name) => `${name} is left in ${folder}`)),
    ...namesInTemporaryFolder()
      .filter((name) => !namesBefore.has(name))
      .map((name) => `${name} is left in the temporary folder`),
  ];
}

const MAX_COMMAND = 200;

/** Whoever makes temporary files makes them here. */
export function namesInTemporaryFolder(): readonly string[] {
  return readdirSync(tmpdir());
}

const BYTES_PER_KIB = 1024;

/** How much memory a process has. 0: it is gone. */
export function residentBytes(pid: number): number {
  try {
    const [, kib = "0"] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib) * BYTES_PER_KIB;
  } catch {
    return 0;
  }
}
