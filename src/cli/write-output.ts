import type { Writable } from "node:stream";
import type { OutputChunk } from "../session/output-log.ts";
import { reportNotice } from "./failure.ts";

/** Writes a piece of a session's output as the command wrote it, or as a line of JSON; waits while the reader is slow. */
export async function writeOutput(chunk: OutputChunk, json: boolean): Promise<void> {
  if (json)
    return writeJsonLine(chunk.kind === "gap" ? chunk : { ...chunk, data: chunk.data.toString("base64") });
  if (chunk.kind === "data")
    return write(chunk.stream === "stdout" ? process.stdout : process.stderr, chunk.data);
  reportNotice(`${chunk.bytes} bytes of output, from byte ${chunk.offset} on, are not kept any more.`);
}

/** One value as JSON, one line. */
export function writeJsonLine(value: unknown): Promise<void> {
  return writeLine(JSON.stringify(value));
}

export function writeLine(text: string): Promise<void> {
  return write(process.stdout, `${text}\n`);
}

function write(stream: Writable, data: Buffer | string): Promise<void> {
  // Without a reader any more there is nobody to wait for; what else that means is for whoever listens to its errors.
  if (stream.destroyed || stream.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const go = () => {
      stream.off("drain", go).off("close", go);
      resolve();
    };
    stream.on("drain", go).on("close", go);
  });
}
