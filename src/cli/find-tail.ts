import type { OutputChunk } from "../session/output-log.ts";

const NEWLINE = 0x0a;

/** The offset at which the last lines of output begin; `end` if there are none. The two streams count as one. */
export async function findTail(
  output: AsyncIterable<OutputChunk>,
  lines: number,
  end: number,
): Promise<number> {
  let starts: number[] = [];
  let isAtStart = true;
  for await (const chunk of output) {
    if (chunk.kind === "gap") {
      isAtStart = true;
      continue;
    }
    const { data, offset } = chunk;
    if (isAtStart) starts.push(offset);
    isAtStart = data.at(-1) === NEWLINE;
    for (
      let at = data.indexOf(NEWLINE);
      at !== -1 && at + 1 < data.length;
      at = data.indexOf(NEWLINE, at + 1)
    ) {
      starts.push(offset + at + 1);
    }
    starts = lines === 0 ? [] : starts.slice(-lines);
  }
  return starts[0] ?? end;
}
