import { once } from "node:events";

/** A message that Node-RED sends to its editors. */
export interface CommsMessage {
  readonly topic: string;
  readonly data: unknown;
}

/** Debug messages, and the status of every node. */
const TOPICS = ["debug", "status/#"];

/** Opens the editor's own channel to Node-RED; resolves once messages come. Closes it when the signal aborts. */
export async function openComms(
  url: string,
  onMessage: (message: CommsMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/comms`);
  socket.addEventListener("message", ({ data }) => {
    for (const message of parseMessages(data)) onMessage(message);
  });
  signal.addEventListener("abort", () => socket.close(), { once: true });
  await once(socket, "open", { signal });
  for (const topic of TOPICS) socket.send(JSON.stringify({ subscribe: topic }));
}

function parseMessages(data: unknown): readonly CommsMessage[] {
  const parsed: unknown = JSON.parse(String(data));
  return Array.isArray(parsed) ? parsed.filter(isMessage) : [parsed].filter(isMessage);
}

function isMessage(value: unknown): value is CommsMessage {
  return typeof value === "object" && value !== null && "topic" in value && typeof value.topic === "string";
}
