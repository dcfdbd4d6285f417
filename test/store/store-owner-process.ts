import { errorText, isSessionError } from "../../src/session/session-error.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { sampleSession } from "../support/sample-session.ts";

/** What the process can be told to do with its one store. */
export type OwnerCommand =
  | { readonly verb: "open" | "close" }
  | { readonly verb: "create" | "save"; readonly id: string; readonly revision: number }
  /** Lets go of everything but the store, so that the process ends by itself if the store lets it. */
  | { readonly verb: "disconnect" };

/** The code is null unless the command failed. */
export interface OwnerReply {
  readonly code: string | null;
  readonly message: string;
}

const [directory = "", renewMs, staleMs] = process.argv.slice(2);
const timing = renewMs === undefined ? undefined : { renewMs: Number(renewMs), staleMs: Number(staleMs) };
const store = new FileSessionStore(directory, { heartbeat: timing });

process.on("message", (command: OwnerCommand) => {
  obey(command).then(
    () => reply({ code: null, message: "" }),
    (error) => reply({ code: isSessionError(error) ? error.code : "none", message: errorText(error) }),
  );
});

async function obey(command: OwnerCommand): Promise<void> {
  switch (command.verb) {
    case "open":
      await store.open();
      return;
    case "create":
    case "save":
      return store[command.verb](sampleSession(command));
    case "close":
      return store.close();
    case "disconnect":
      process.disconnect();
  }
}

function reply(answer: OwnerReply): void {
  if (process.connected) process.send?.(answer);
}
