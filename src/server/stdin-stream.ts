import type { Duplex } from "node:stream";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment } from "../session/session-service.ts";

const NOTHING = Buffer.alloc(0);
/** How soon a half-closed connection whose client has gone is let go of, when there is no output to show it. */
const PROBE_INTERVAL_MS = 5_000;

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
    const isTerminal = session.ProcessConfig.tty;
    if (!isTerminal) endInput(attachment);
    let isKeyDue = isTerminal && session.OpenStdin;
    const look = () =>
      probe(socket, () => {
        // A terminal's end of input is a key; a client that has vanished presses none.
        if (isKeyDue) endInput(attachment);
        isKeyDue = false;
      });
    look();
    const looking = setInterval(look, PROBE_INTERVAL_MS);
    socket.once("close", () => clearInterval(looking));
  });
}

/**
 * After the end of the client's half only writing shows whether it is still there: writing nothing fails if nobody is,
 * and closes the stream, while a half-closed connection takes it.
 */
function probe(socket: Duplex, onThere: () => void): void {
  if (socket.writableNeedDrain || !socket.writable) return;
  socket.write(NOTHING, (error) => {
    if (!error) onThere();
  });
}

function endInput(attachment: Attachment): void {
  attachment.endInput().catch(() => {
    // There is no input to end: the command has ended, or never had any.
  });
}
