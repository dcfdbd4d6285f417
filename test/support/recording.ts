import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deserialize } from "node:v8";
import type { ReturnCode } from "../../src/node-red/return-code.ts";

/** A message as a recorder wrote it down. */
export interface Recorded {
  readonly what: "chunk" | "end" | "error";
  readonly sessionId?: string;
  /** Of a chunk. */
  readonly stream?: "stdout" | "stderr";
  readonly offset?: number;
  readonly index?: number;
  /** Of the last chunk of a stream: how many there are. */
  readonly count?: number;
  readonly payload?: Uint8Array;
  /** Bytes that were dropped before this chunk. */
  readonly missing?: number;
  /** Of an end. */
  readonly rc?: ReturnCode;
  readonly error?: { readonly code: string; readonly text: string };
}

/** What the flow got of one job, in order. */
export interface Recording {
  readonly messages: readonly Recorded[];
  /** Node-RED died at one of its messages, as it was told to. */
  readonly died: boolean;
}

const LENGTH_BYTES = 4;
const DIED = "died";
const EVENTS: readonly string[] = [DIED, "stopped"];

/** What has been recorded of a job so far, by all lives of Node-RED. */
export function readRecording(folder: string, jobId: string): Recording {
  const names = readdirSync(folder).filter((name) => name.startsWith(`${jobId}.`));
  const lives = names.filter((name) => !EVENTS.some((event) => name.endsWith(`.${event}`))).sort();
  return {
    messages: lives.flatMap((name) => readLife(join(folder, name))),
    died: names.includes(`${jobId}.${DIED}`),
  };
}

export function deleteRecording(folder: string, jobId: string): void {
  const own = readdirSync(folder).filter((name) => name.startsWith(`${jobId}.`));
  for (const name of own) rmSync(join(folder, name));
}

/** A message that a kill met while it was being written has not been delivered yet. */
function readLife(path: string): Recorded[] {
  const bytes = readFileSync(path);
  const messages: Recorded[] = [];
  for (let at = 0; at + LENGTH_BYTES <= bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    messages.push(deserialize(bytes.subarray(at + LENGTH_BYTES, end)));
    at = end;
  }
  return messages;
}

/** Whether Node-RED has died at a message, of whatever job. */
export function hasDied(folder: string): boolean {
  return readdirSync(folder).some((name) => name.endsWith(`.${DIED}`));
}
