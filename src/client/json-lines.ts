import { badAnswer } from "./host-failure.ts";

/** An event is a few hundred bytes; a line without an end is none. */
const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 10;

/** The values of a stream that has one JSON text a line; an unfinished last line is dropped. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, at)) {
      yield parseLine(Buffer.concat([...rest, chunk.subarray(at, end)]).toString());
      rest = [];
      restBytes = 0;
      at = end + 1;
    }
    restBytes += chunk.length - at;
    if (restBytes > MAX_LINE_BYTES) throw badAnswer("with a line that is too long");
    rest.push(chunk.subarray(at));
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw badAnswer("with a line that is no JSON", cause);
  }
}
