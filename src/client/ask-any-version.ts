import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { json } from "node:stream/consumers";
import { http } from "../api/node-http.ts";
import { brokenConnection } from "./host-failure.ts";

/** A host answers within milliseconds; one that has been stopped in its tracks, or waits for its disk, is not waited for. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Asks a new connection's host one question, in no version of its API, so that a host of any version answers; then ends the
 * connection. Gives the answer's JSON, unchecked. Throws EXEC_HOST_UNREACHABLE.
 */
export async function askAnyVersion(socket: Socket, path: string, place: string): Promise<unknown> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    return await json(await get(socket, path, signal));
  } catch (error) {
    throw brokenConnection(place, signal.aborted ? signal.reason : error, true);
  } finally {
    socket.destroy();
  }
}

function get(socket: Socket, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    http
      .request({ createConnection: () => socket, path, signal }, resolve)
      .once("error", reject)
      .end();
  });
}
