import { JsonLines } from "../api/json-lines.ts";
import { badAnswer } from "./host-failure.ts";

/** An event is a few hundred bytes; a line without an end is none. */
const MAX_LINE_BYTES = 1024 * 1024;

/** The values of a stream that has one JSON text a line; an unfinished last line is dropped. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void> {
  const lines = new JsonLines(MAX_LINE_BYTES, () => badAnswer("with a line that is too long"));
  for await (const chunk of chunks) {
    for (const line of lines.take(chunk)) yield parseLine(line);
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw badAnswer("with a line that is no JSON", cause);
  }
}
