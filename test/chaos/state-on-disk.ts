import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { RECORD_FILE } from "../../src/store/record-file.ts";
import { parseRecord } from "../../src/store/session-record.ts";

/** The sessions of a state directory as their records say, whether a host runs or not. */
export function readSessions(stateDir: string): readonly ExecSession[] {
  return namesIn(join(stateDir, "sessions")).flatMap((id) => {
    const text = readIfThere(join(stateDir, "sessions", id, RECORD_FILE));
    if (text === undefined) return [];
    const record = parseRecord({ text, id, writtenAtMs: 0 });
    if (record.kind === "session") return [record.session];
    throw new Error(`the record of session ${id} is ${record.kind}`);
  });
}

/** Empty: no such folder. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
