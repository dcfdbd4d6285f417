import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { endSessionHost } from "./end-session-host.ts";
import { type CommsMessage, openComms } from "./node-red-comms.ts";

/** A node of a flow, as Node-RED's admin API and its export files have it. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

export interface NodeRedOptions {
  /** The npm package to start: `node-red`, or the name that another version is installed under. */
  readonly packageName: string;
  /** Node-RED's user directory; it exists. */
  readonly userDir: string;
  /** Absent: some free port. */
  readonly port?: number;
}

/** Enough for a first start from a cold disk on a small machine. */
const LOG_WAIT_MS = 60_000;
/** Node-RED gives its nodes 15 s to close. */
const STOP_MS = 20_000;
/** Flows run, after the start and after each deploy. Node-RED answers a deploy before that. */
const FLOWS_RUN = /Started (modified )?(flows|nodes)/;
const require = createRequire(import.meta.url);

/** Starts Node-RED in a process of its own, on this machine's loopback interface only; resolves once its flows run. */
export async function startNodeRed({ packageName, userDir, port }: NodeRedOptions): Promise<NodeRedProcess> {
  const usedPort = port ?? (await findFreePort());
  await writeFile(
    join(userDir, "settings.cjs"),
    `module.exports = ${JSON.stringify(settingsFor(usedPort))};\n`,
  );
  const program = require.resolve(`${packageName}/red.js`);
  const args = [program, "--userDir", userDir, "--settings", join(userDir, "settings.cjs")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const nodeRed = new NodeRedProcess(child, usedPort, join(userDir, "exec-sessions"));
  try {
    await nodeRed.waitForLog(FLOWS_RUN);
  } catch (error) {
    await nodeRed.stop();
    throw error;
  }
  return nodeRed;
}

/** The port itself if nobody listens there, else some free one. */
export async function findFreePort(wanted = 0): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
    return address.port;
  } catch (error) {
    if (wanted === 0) throw error;
    return findFreePort();
  } finally {
    server.close();
  }
}

/** A running Node-RED. */
export class NodeRedProcess {
  readonly url: string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #child: ChildProcess;
  readonly #stateDir: string;
  #log = "";

  constructor(child: ChildProcess, port: number, stateDir: string) {
    this.#child = child;
    this.#stateDir = stateDir;
    this.url = `http://127.0.0.1:${port}`;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#log += text;
        child.emit("log");
      });
    }
    this.exited = once(child, "close").then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("Node-RED could not be started");
    return this.#child.pid;
  }

  /** All that Node-RED has logged. */
  get log(): string {
    return this.#log;
  }

  /** Replaces all flows; resolves once they run. */
  async deploy(flows: readonly FlowNode[], type: "full" | "nodes" | "flows" = "full"): Promise<void> {
    const headers = { "Node-RED-API-Version": "v2", "Node-RED-Deployment-Type": type };
    const from = this.#log.length;
    await this.#post("/flows", { flows }, headers);
    await this.waitForLog(FLOWS_RUN, from);
  }

  /** Presses the button of an inject node. */
  async inject(nodeId: string): Promise<void> {
    await this.#post(`/inject/${nodeId}`, {});
  }

  /** A JSON answer of the admin API. */
  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, { headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`GET ${path} was answered with ${response.status}`);
    return await response.json();
  }

  /** What the editor would show from now on: debug messages and the nodes' status. Ends when the signal aborts. */
  listen(onMessage: (message: CommsMessage) => void, signal: AbortSignal): Promise<void> {
    return openComms(this.url, onMessage, signal);
  }

  /** Resolves once the log has a match after `from`; throws if Node-RED ends before, or logs nothing of the kind in time. */
  async waitForLog(pattern: RegExp, from = 0): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(LOG_WAIT_MS), this.#ended()]);
    while (!pattern.test(this.#log.slice(from))) {
      try {
        await once(this.#child, "log", { signal });
      } catch (cause) {
        throw new Error(`Node-RED did not log ${pattern}, but:\n${this.#log}`, { cause });
      }
    }
  }

  /** Asks Node-RED to end, then its session host; resolves with how it did. Throws if Node-RED does not, and ends it. */
  async stop(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    const end = await this.exited;
    clearTimeout(timer);
    await endSessionHost(this.#stateDir);
    if (end.signal === "SIGKILL") throw new Error(`Node-RED did not end within ${STOP_MS} ms:\n${this.#log}`);
    return end;
  }

  #ended(): AbortSignal {
    const controller = new AbortController();
    void this.exited.then(() => controller.abort());
    return controller.signal;
  }

  async #post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`POST ${path} was answered with ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
}

/** Nothing that asks the network or the user; debug messages whole, so that a reader of them misses nothing. */
function settingsFor(port: number): object {
  return {
    uiHost: "127.0.0.1",
    uiPort: port,
    flowFile: "flows.json",
    credentialSecret: "exec sessions",
    debugMaxLength: 1_000_000,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, projects: { enabled: false } },
    logging: { console: { level: "info", metrics: false, audit: false } },
  };
}
