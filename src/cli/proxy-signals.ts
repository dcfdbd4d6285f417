import type { SessionService } from "../session/session-service.ts";
import { isReaderGone } from "./write-output.ts";

/** What a user, a terminal or a service manager sends to a command; one that runs in a session gets it all the same. */
const PROXIED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Sends this process's signals on to a session's command, and SIGPIPE once nobody reads what this process writes of it. */
export function proxySignals(service: SessionService, id: string): void {
  const send = (signal: NodeJS.Signals) =>
    void service.kill(id, signal).catch(() => {
      // It has just ended; whoever waits for its end is told.
    });
  for (const signal of PROXIED_SIGNALS) process.on(signal, send);
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error").on("error", (error) => {
      if (isReaderGone(error)) send("SIGPIPE");
    });
  }
}
