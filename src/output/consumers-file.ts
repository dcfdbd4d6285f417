import type { SegmentStorage } from "./segment-storage.ts";

/** Beside the segments. */
const CONSUMERS_FILE = "consumers.json";

/** How far each registered consumer has come, by its name. */
export type ConsumerPositions = ReadonlyMap<string, number>;

/** What a log's file says of its consumers; nothing if there is none, or none that can be read as a whole. */
export async function readConsumers(storage: SegmentStorage): Promise<ConsumerPositions> {
  try {
    const content = await storage.load(CONSUMERS_FILE);
    return content === undefined ? new Map() : parsePositions(JSON.parse(content.toString()));
  } catch {
    // Without their positions consumers begin anew: they may be given output again, but they miss none.
    return new Map();
  }
}

/** Replaces the file, whole or not at all; none is needed to say nothing. */
export async function writeConsumers(storage: SegmentStorage, positions: ConsumerPositions): Promise<void> {
  if (positions.size === 0) await storage.remove(CONSUMERS_FILE);
  else await storage.replace(CONSUMERS_FILE, Buffer.from(JSON.stringify(Object.fromEntries(positions))));
}

function parsePositions(content: unknown): ConsumerPositions {
  if (typeof content !== "object" || content === null) return new Map();
  const positions = Object.entries(content).filter(
    (entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && entry[1] >= 0,
  );
  return new Map(positions);
}
