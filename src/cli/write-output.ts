import type { OutputChunk, OutputStream } from "../session/output-log.ts";
import { errorText } from "../session/session-error.ts";
import { reportNotice } from "./failure.ts";

/** Writes a piece of a session's output as the command wrote it, or as a line of JSON; waits while the reader is slow. */
export async function writeOutput(chunk: OutputChunk, json: boolean): Promise<void> {
  if (json)
    return writeJsonLine(chunk.kind === "gap" ? chunk : { ...chunk, data: chunk.data.toString("base64") });
  if (chunk.kind === "data") return write(chunk.stream, chunk.data);
  reportNotice(`${chunk.bytes} bytes of output, from byte ${chunk.offset} on, are not kept any more.`);
}

/** One value as JSON, one line. */
export function writeJsonLine(value: unknown): Promise<void> {
  return writeLine(JSON.stringify(value));
}

export function writeLine(text: string): Promise<void> {
  return writeText(`${text}\n`);
}

export function writeText(text: string): Promise<void> {
  return write("stdout", text);
}

/** Waits while the reader is slow. Throws if what is written is lost, unless its reader has gone. */
function write(stream: OutputStream, data: Buffer | string): Promise<void> {
  return new Promise((resolve, reject) => {
    process[stream].write(data, (error) => {
      // What it means that the reader has gone is for whoever listens to the stream's errors.
      if (!error || isReaderGone(error)) resolve();
      else reject(new Error(`What goes to ${stream} cannot be written: ${errorText(error)}`));
    });
  });
}

/** Nobody reads the stream any more. */
export function isReaderGone({ code = "" }: NodeJS.ErrnoException): boolean {
  return READER_GONE_CODES.has(code);
}

const READER_GONE_CODES: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"]);
