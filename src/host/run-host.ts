import { closeSync, openSync, writeSync } from "node:fs";
import { LEAVE_SIGNAL } from "../api/host-file.ts";
import { parseHostOptions } from "../api/host-options.ts";
import type { StartLine } from "../api/ready-line.ts";
import { makeStateDirectory } from "../api/state-directory.ts";
import { toWireError } from "../api/wire-error.ts";
import { errorText } from "../session/session-error.ts";
import { HostLog } from "./host-log.ts";
import { openHost } from "./open-host.ts";
import type { SessionHost } from "./session-host.ts";

/** What ends a host in good order: a service manager, a terminal, a terminal that is closed. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** How a host shows itself to whoever started it. */
export interface RunOptions {
  /** Its log goes to standard error, too. Else only a crash's last words do. */
  readonly isWatched: boolean;
}

/**
 * Makes this process the session host of a state directory, until it has left. Says on standard output, in one line, that
 * it is ready or why it could not start, and nothing after that.
 */
export async function runHost(rawOptions: unknown, { isWatched }: RunOptions): Promise<void> {
  try {
    const options = parseHostOptions(rawOptions);
    const stateDir = makeStateDirectory(options.stateDir);
    const log = new HostLog(stateDir, isWatched ? { echo: writeToStderr } : {});
    const { host, ready } = await openHost({ ...options, stateDir }, (sentence) => log.write(sentence));
    obeySignals(host);
    surviveFaults(log);
    say(ready);
    await host.left;
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`);
    say(toWireError(error));
    process.exitCode = 1;
  }
}

function obeySignals(host: SessionHost): void {
  for (const signal of STOP_SIGNALS) process.on(signal, () => host.stop(signal));
  process.on(LEAVE_SIGNAL, () => host.leaveWhenIdle(LEAVE_SIGNAL));
}

/** A defect in one connection or session ends no other: it is told, with its place in the code, and all others go on. */
function surviveFaults(log: HostLog): void {
  process.on("uncaughtException", (error) => log.writeFault(error));
}

const STDOUT = 1;
const STDERR = 2;

function writeToStderr(line: string): void {
  try {
    writeSync(STDERR, line);
  } catch {
    // Nobody reads it, or not fast enough; it is in the log as well.
  }
}

/** Whoever waits for more sees the end of the output. The descriptor stays taken, so that no file gets its number. */
function say(line: StartLine): void {
  try {
    writeSync(STDOUT, `${JSON.stringify(line)}\n`);
  } catch {
    // Whoever started the host has gone, or closed its output; it is reached by its socket.
  }
  closeSync(STDOUT);
  openSync("/dev/null", "w");
}
