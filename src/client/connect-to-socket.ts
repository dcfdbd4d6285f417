import { connect, type Socket } from "node:net";

/** A connection to a Unix socket. Rejects with the system's error if nobody listens there. */
export function connectToSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
