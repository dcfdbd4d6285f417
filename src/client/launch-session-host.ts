import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HostOptions } from "../api/host-options.ts";
import { parseStartLine, type Ready } from "../api/ready-line.ts";
import { HOST_LOG } from "../api/state-directory.ts";
import { fromWireError } from "../api/wire-error.ts";
import { errorText, isSessionError, SessionError, showValue } from "../session/session-error.ts";
import { stateDirUnusable } from "../store/store-error.ts";
import { createScopePrefix, type ScopeOptions } from "./systemd-scope.ts";

export interface LaunchOptions {
  /** Absent: the host's program of this package. */
  readonly program?: string;
  /** Absent: 30 s. */
  readonly readyTimeoutMs?: number;
  /** How long a host that only others may start is waited for. Absent: 15 s. */
  readonly othersTimeoutMs?: number;
  readonly scope?: ScopeOptions;
}

/**
 * Without the limit, what a host allocates at its busiest stays with it: 30 MiB more for no gain in speed. To collect so
 * little, one helper thread of V8 does, and takes a MiB less than the usual four.
 */
export const HOST_NODE_OPTIONS = ["--max-semi-space-size=2", "--v8-pool-size=1"] as const;

/** A small computer needs seconds to start Node.js, and a disk with thousands of sessions some more to read them. */
const READY_TIMEOUT_MS = 30_000;

/**
 * Starts a session host that outlives this process; resolves when it serves. Throws the host's own error if it could not
 * start, EXEC_STATE_DIR_UNUSABLE, else EXEC_HOST_UNREACHABLE with its last words. Whether there is a host already is not looked at.
 */
export async function launchSessionHost(host: HostOptions, options: LaunchOptions = {}): Promise<Ready> {
  const prefix = await createScopePrefix(options.scope);
  try {
    return await start(host, prefix, options);
  } catch (error) {
    const mayBeTheScope =
      prefix.length > 0 && isSessionError(error) && error.code === "EXEC_HOST_UNREACHABLE";
    if (mayBeTheScope) return start(host, [], options);
    throw error;
  }
}

async function start(host: HostOptions, prefix: readonly string[], options: LaunchOptions): Promise<Ready> {
  const { program = OWN_PROGRAM, readyTimeoutMs = READY_TIMEOUT_MS } = options;
  const log = openLog(host.stateDir);
  try {
    const logStart = fstatSync(log).size;
    const child = spawnHost(
      [...prefix, process.execPath, ...HOST_NODE_OPTIONS, program, JSON.stringify(host)],
      log,
    );
    try {
      return await waitForReady(child, readyTimeoutMs);
    } catch (error) {
      child.kill("SIGKILL");
      throw isSessionError(error)
        ? error
        : notStarted(host.stateDir, errorText(error), lastWords(log, logStart));
    } finally {
      child.stdout?.destroy();
      child.unref();
    }
  } finally {
    closeSync(log);
  }
}

/** Beside this file, as TypeScript in the repository and as JavaScript in the package. */
const OWN_PROGRAM = fileURLToPath(new URL(`../host/main${extname(import.meta.url)}`, import.meta.url));

/** For reading, too: a host that dies before it is ready has its last words there. */
function openLog(stateDir: string): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  try {
    return openSync(join(stateDir, HOST_LOG), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw stateDirUnusable(stateDir, error);
  }
}

function spawnHost([command = "", ...args]: readonly string[], log: number): ChildProcess {
  // What is meant for this process, such as a debugger's port or a module to preload, is not meant for the host.
  const { NODE_OPTIONS: _, ...env } = process.env;
  // A session of its own, so that no terminal's end reaches it; no folder of anybody's, so that none is kept busy.
  return spawn(command, args, { cwd: "/", detached: true, env, stdio: ["ignore", "pipe", log] });
}

/** Waits for the host's one line. */
function waitForReady(child: ChildProcess, timeoutMs: number): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const timer = setTimeout(
    () => reject(new Error(`it was not ready after ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (!text.includes("\n")) return;
    const line = parseStartLine(text);
    if (line === undefined) reject(new Error(`it said ${showValue(text)}`));
    else if ("code" in line) reject(fromWireError(line));
    else resolve(line);
  });
  child.once("error", reject);
  child.once("close", (code, signal) => reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`)));
  return promise.finally(() => clearTimeout(timer));
}

/** As much as an error can carry; the end of it is what counts. */
const MAX_LAST_WORDS = 2000;

/** What has been written to the log since. */
function lastWords(log: number, start: number): string {
  const length = Math.max(fstatSync(log).size - start, 0);
  const words = Buffer.alloc(length);
  readSync(log, words, 0, length, start);
  return words.toString().trim().slice(-MAX_LAST_WORDS);
}

function notStarted(stateDir: string, reason: string, words: string): SessionError {
  const saying = words === "" ? "" : ` Its last words: ${words}`;
  return new SessionError(
    "EXEC_HOST_UNREACHABLE",
    `The session host for ${stateDir} could not be started: ${reason}.${saying}`,
    { details: { stateDir, words } },
  );
}
