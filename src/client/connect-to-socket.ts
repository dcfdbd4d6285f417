import { SharedReadSocket } from "./shared-read-socket.ts";

/** A connection to a Unix socket. Rejects with the system's error if nobody listens there. */
export function connectToSocket(path: string): Promise<SharedReadSocket> {
  return new Promise((resolve, reject) => {
    const socket = new SharedReadSocket();
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.connect({ path });
  });
}
