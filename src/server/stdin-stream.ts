import type { Duplex } from "node:stream";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment } from "../session/session-service.ts";

const NOTHING = Buffer.alloc(0);

/**
 * Feeds what a Docker client sends to the command, one piece after the other, so that the connection holds back what the
 * command does not take. The end of the client's half ends standard input, also when the client has vanished: Docker's
 * clients cannot come back, so nobody else could end it. What cannot be written any more is read and dropped.
 */
export function carryInput(socket: Duplex, attachment: Attachment, session: SessionInspect): void {
  let isWanted = session.OpenStdin;
  socket.on("data", (piece: Buffer) => {
    if (!isWanted) return;
    socket.pause();
    attachment
      .write(piece)
      .catch(() => {
        // The command has ended or closed its input; that it read no further is its own affair, as in a pipe.
        isWanted = false;
      })
      .finally(() => socket.resume());
  });
  socket.once("end", () => {
    if (!session.ProcessConfig.tty) endInput(attachment);
    // Writing nothing fails if nobody is there to read, and closes the stream; a half-closed connection takes it.
    socket.write(NOTHING, (error) => {
      // A terminal's end of input is a key; a client that has vanished presses none.
      if (!error && session.ProcessConfig.tty && session.OpenStdin) endInput(attachment);
    });
  });
}

function endInput(attachment: Attachment): void {
  attachment.endInput().catch(() => {
    // There is no input to end: the command has ended, or never had any.
  });
}
