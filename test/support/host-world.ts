import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { HostOptionsInput } from "../../src/api/host-options.ts";
import { parseStartLine, type Ready } from "../../src/api/ready-line.ts";
import { type ConnectedHost, connectSessionHost } from "../../src/client/connect-session-host.ts";
import { HOST_NODE_OPTIONS } from "../../src/client/launch-session-host.ts";
import { SessionClient } from "../../src/client/session-client.ts";
import type { ExecConfigInput } from "../../src/session/exec-config.ts";
import type { ContainerRef } from "../../src/session/exec-session.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { waitUntil } from "./wait-until.ts";

/** The session host's program. */
export const HOST_MAIN = new URL("../../src/host/main.ts", import.meta.url);

/** This machine, as a container. */
export const LOCAL: ContainerRef = { runtime: { kind: "local", path: "", root: "" }, container: "local" };

/** Whatever is started while a world is there inherits this, however it is detached. */
const MARK = "HOST_WORLD";

/** A host that was started as this process's child. */
export interface StartedHost {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ready: Ready;
  /** Settles with its exit code or signal. */
  readonly ended: Promise<number | string>;
}

export interface StartOptions {
  /** Absent: the host's own. */
  readonly program?: URL;
  /** What stands before the command. */
  readonly wrapper?: readonly string[];
}

/** A state directory, and every session host and command that is started for it, by whomever. */
export class HostWorld {
  readonly folder: string;
  readonly stateDir: string;
  readonly #clients: SessionClient[] = [];

  constructor(name = "state") {
    this.folder = mkdtempSync(join(tmpdir(), "host-"));
    this.stateDir = join(this.folder, name);
    mkdirSync(this.stateDir, { recursive: true, mode: 0o700 });
    process.env[MARK] = this.folder;
  }

  /** Starts a host as a child, as a service manager does. */
  async start(
    options: Omit<HostOptionsInput, "stateDir"> = {},
    { program = HOST_MAIN, wrapper = [] }: StartOptions = {},
  ): Promise<StartedHost> {
    const host = [fileURLToPath(program), JSON.stringify({ stateDir: this.stateDir, ...options })];
    return this.startCommand([...wrapper, process.execPath, ...HOST_NODE_OPTIONS, ...host]);
  }

  /** Starts a host by any command. */
  async startCommand([command = "", ...args]: readonly string[]): Promise<StartedHost> {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "exit").then(([code, signal]) => signal ?? code);
    const output = await readLine(child.stdout);
    const line = parseStartLine(output);
    if (line === undefined || "code" in line) throw new Error(`no host has started: ${output}`);
    return { child, pid: line.pid, ready: line, ended };
  }

  /** A client of the host that there is, or that it starts. */
  async connect(options: Partial<HostOptionsInput> = {}): Promise<ConnectedHost> {
    const host = await connectSessionHost({ stateDir: this.stateDir, ...options });
    this.#clients.push(host.service);
    return host;
  }

  /** A client of the socket alone, which starts nothing. */
  clientOf(socketPath: string): SessionClient {
    const client = new SessionClient({ socketPath });
    this.#clients.push(client);
    return client;
  }

  /** The pids of all hosts that run. */
  hosts(): readonly number[] {
    return this.processes().filter((pid) => {
      const isOfNode = (argument: string) => argument.startsWith("--");
      const [program = "", command] = readArguments(pid)
        .slice(1)
        .filter((argument) => !isOfNode(argument));
      return (
        program.endsWith("/src/host/main.ts") || (program.endsWith("/cli/main.ts") && command === "host")
      );
    });
  }

  /** The pids of all hosts and commands that run. */
  processes(): readonly number[] {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isMarked(pid, this.folder));
  }

  log(): string {
    return readFileSync(join(this.stateDir, "host.log"), "utf8");
  }

  /** Ends whatever still runs. */
  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await waitUntil("all processes of the world have ended", () => {
      const left = this.processes();
      for (const pid of left) kill(pid);
      return left.length === 0;
    });
  }

  /** The same, and deletes the directory. */
  async dispose(): Promise<void> {
    await this.end();
    delete process.env[MARK];
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes a session on this machine and starts it; gives its id. */
export async function startSession(
  service: SessionService,
  command: string[],
  config: Partial<ExecConfigInput> = {},
): Promise<string> {
  const { id } = await service.create(LOCAL, { command, ...config });
  await service.start(id);
  return id;
}

/** What stands before the command may keep the stream open. */
async function readLine(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  stream.resume();
  return text;
}

function isMarked(pid: number, folder: string): boolean {
  return readProc(pid, "environ").split("\0").includes(`${MARK}=${folder}`);
}

function readArguments(pid: number): readonly string[] {
  return readProc(pid, "cmdline").split("\0");
}

/** Empty: it has just ended. */
function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
