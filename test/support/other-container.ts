import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ContainerRef } from "../../src/session/exec-session.ts";

/** Gives a command pids and mounts of its own, as a container has. It ends with this program. */
export const OTHER_CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

const WHOLE_SESSION = fileURLToPath(new URL("../client/fixtures/whole-session.ts", import.meta.url));

/** What became of a client in another container: of its session, or of its attempt. */
export interface ClientOutcome {
  readonly ownPid?: number;
  /** The host's, as that counts. */
  readonly pid?: number;
  readonly socket?: string;
  readonly endsWith?: unknown;
  readonly output?: string;
  readonly exitCode?: number | null;
  readonly reason?: string;
  readonly code?: string;
  readonly message?: string;
}

export interface OtherClientOptions {
  readonly stateDir: string;
  readonly target: ContainerRef;
  readonly env?: Readonly<Record<string, string>>;
  /** A script that the container begins with; it has to `exec "$@"`. */
  readonly prepare?: string;
}

/** Has a session from beginning to end in another container. */
export async function runOtherClient(options: OtherClientOptions): Promise<ClientOutcome> {
  const { stateDir, target, env = {}, prepare = 'exec "$@"' } = options;
  const client = [process.execPath, WHOLE_SESSION, stateDir, JSON.stringify(target)];
  const [command = "", ...args] = [...OTHER_CONTAINER, "sh", "-c", prepare, "sh", ...client];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  return JSON.parse(output);
}
