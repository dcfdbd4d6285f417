import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endSessionHost } from "../../scripts/end-session-host.ts";
import type { DeployType, FlowNode, StatusText } from "./flow-runtime.ts";
import { waitUntil } from "./wait-until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const settings = fileURLToPath(new URL("node-red-probe/settings.cjs", import.meta.url));

/** The Node-REDs in node_modules. */
const programs = { "4.1": "node_modules/node-red-4/red.js", "5": "node_modules/node-red/red.js" } as const;
export type NodeRedVersion = keyof typeof programs;
export const NODE_RED_VERSIONS: readonly NodeRedVersion[] = ["5", "4.1"];

/** From a cold disk Node-RED takes several seconds to start. */
export const NODE_RED_START_MS = 60_000;

/** Node-RED gives its nodes 15 s to close. */
const STOP_MS = 20_000;

type Message = Readonly<Record<string, unknown>>;

/** What the probe inside Node-RED tells. */
type Told =
  | { readonly kind: "ready"; readonly port: number }
  /** All flows run, after the start or a deploy. */
  | { readonly kind: "started" }
  | { readonly kind: "message"; readonly to: string; readonly message: Message }
  | { readonly kind: "status"; readonly of: string; readonly status: StatusText }
  | { readonly kind: "log"; readonly level: number; readonly text: string };

/** A real Node-RED with the built package, as a process of its own, and a probe in it that tells what flows. */
export class ProbedNodeRed {
  readonly userDir: string;
  readonly #version: NodeRedVersion;
  readonly #told: Told[] = [];
  #child: ChildProcess;
  #port = 0;

  private constructor(version: NodeRedVersion, userDir: string) {
    this.#version = version;
    this.userDir = userDir;
    this.#child = this.#spawn();
  }

  /** Begins with an empty user directory, which is deleted when it stops. */
  static async start(version: NodeRedVersion): Promise<ProbedNodeRed> {
    assert(existsSync(join(root, "dist/nodes")), "the package is built (npm run build)");
    const nodeRed = new ProbedNodeRed(version, await mkdtemp(join(tmpdir(), "nr-")));
    await nodeRed.#waitUntilReady();
    return nodeRed;
  }

  /** Starts it again, after it has ended, with what its user directory holds. What was told before is still known. */
  async startAgain(): Promise<void> {
    this.#told.splice(0, this.#told.length, ...this.#told.filter(({ kind }) => kind === "message"));
    this.#child = this.#spawn();
    await this.#waitUntilReady();
  }

  #spawn(): ChildProcess {
    const { userDir } = this;
    const program = join(root, programs[this.#version]);
    const child = fork(program, ["--userDir", userDir, "--settings", settings], {
      // Node-RED would keep a cache of compiled modules in the temporary folder.
      env: { ...process.env, PACKAGE_UNDER_TEST: root, NODE_DISABLE_COMPILE_CACHE: "1" },
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("message", (told: Told) => this.#told.push(told));
    return child;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How often flows have started so far. */
  get #starts(): number {
    return this.#told.filter(({ kind }) => kind === "started").length;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How it has ended. Null: it runs. */
  get ended(): { readonly code: number | null; readonly signal: NodeJS.Signals | null } | null {
    const { exitCode: code, signalCode: signal } = this.#child;
    return code === null && signal === null ? null : { code, signal };
  }

  /** Takes the flow as the editor's Deploy button does. Resolves once it runs. */
  async deploy(flow: readonly FlowNode[], type: DeployType | "reload" = "full"): Promise<void> {
    const starts = this.#starts;
    await this.#post(
      "/flows",
      { flows: flow },
      { "Node-RED-Deployment-Type": type, "Node-RED-API-Version": "v2" },
    );
    await waitUntil("the flows have started", () => this.#starts > starts);
  }

  /** Forgets what has been told so far, but not that it is ready. */
  forget(): void {
    this.#told.splice(0, this.#told.length, ...this.#told.filter(({ kind }) => kind === "started"));
  }

  /** Presses the button of an inject node; the properties are those of the message, instead of the node's own. */
  async inject(id: string, properties?: Readonly<Record<string, unknown>>): Promise<void> {
    const rows = Object.entries(properties ?? {}).map(([p, v]) => ({ p, v: JSON.stringify(v), vt: "json" }));
    await this.#post(`/inject/${id}`, properties === undefined ? {} : { __user_inject_props__: rows });
  }

  /** Starts or stops all flows, as the editor's menu does. Resolves once they run or have stopped. */
  async setFlowState(state: "start" | "stop"): Promise<void> {
    const starts = this.#starts;
    await this.#post("/flows/state", { state });
    if (state === "start") await waitUntil("the flows have started", () => this.#starts > starts);
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.url + path, { headers: { Accept: "application/json" } });
    assert(response.ok, `GET ${path}: ${response.status}`);
    return response.json();
  }

  /** What has reached a node of the type `probe`, in order. */
  received(id: string): readonly Message[] {
    return this.#told.flatMap((told) => (told.kind === "message" && told.to === id ? [told.message] : []));
  }

  async message(id: string, index = 0): Promise<Message> {
    await waitUntil(`message ${index} reaches ${id}`, () => this.received(id).length > index);
    const message = this.received(id)[index];
    assert(message !== undefined);
    return message;
  }

  statuses(id: string): readonly StatusText[] {
    return this.#told.flatMap((told) => (told.kind === "status" && told.of === id ? [told.status] : []));
  }

  /** Warnings and errors. */
  complaints(): readonly string[] {
    return this.#told.flatMap((told) => (told.kind === "log" && told.level <= WARN ? [told.text] : []));
  }

  /** Ends it as a service manager does. Gives its exit code; null: it did not end by itself. */
  async end(signal: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<number | null> {
    if (this.ended === null) {
      const exit = once(this.#child, "exit");
      this.#child.kill(signal);
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
      await exit;
      clearTimeout(timer);
    }
    return this.#child.exitCode;
  }

  /** Changes its flow while it is off. */
  async replaceFlow(flow: readonly FlowNode[]): Promise<void> {
    await writeFile(join(this.userDir, "flows.json"), JSON.stringify(flow));
  }

  /** Where sessions are unless a flow says otherwise. */
  get stateDir(): string {
    return join(this.userDir, "exec-sessions");
  }

  /** Ends it as a crash does, without a last word. */
  async kill(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  /** Ends it and its session host, and deletes its user directory. */
  async stop(): Promise<void> {
    await this.end();
    await endSessionHost(this.stateDir);
    await rm(this.userDir, { recursive: true, force: true });
  }

  async #waitUntilReady(): Promise<void> {
    const isReady = () => {
      assert.equal(this.ended, null, "Node-RED has ended while starting");
      const ready = this.#told.find((told) => told.kind === "ready");
      this.#port = ready?.port ?? 0;
      return ready !== undefined && this.#starts > 0;
    };
    await waitUntil("Node-RED has started", isReady, NODE_RED_START_MS);
  }

  async #post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    assert(response.ok, `POST ${path}: ${response.status} ${await response.text()}`);
  }
}

/** Node-RED's log levels go from 10, fatal, to 60, trace. */
const WARN = 30;
