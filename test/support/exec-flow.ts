import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import registerExecContainer from "../../nodes/exec-container.ts";
import registerExecCreate from "../../nodes/exec-create.ts";
import registerExecRemove from "../../nodes/exec-remove.ts";
import registerExecResize from "../../nodes/exec-resize.ts";
import registerExecStart from "../../nodes/exec-start.ts";
import registerExecStop from "../../nodes/exec-stop.ts";
import {
  closeSessionServices,
  openSessionService,
  type ServiceChoice,
} from "../../src/node-red/session-services.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { type DeployType, type FlowNode, FlowRuntime, type NodeSet } from "./flow-runtime.ts";

const NODES: readonly NodeSet[] = [
  registerExecContainer,
  registerExecCreate,
  registerExecStart,
  registerExecStop,
  registerExecRemove,
  registerExecResize,
];

/** What a test says of the nodes of its flow: their properties, by id. */
export interface ExecFlowOptions {
  readonly container?: Readonly<Record<string, unknown>>;
  readonly create?: Readonly<Record<string, unknown>>;
  readonly start?: Readonly<Record<string, unknown>>;
  readonly stop?: Readonly<Record<string, unknown>>;
  readonly remove?: Readonly<Record<string, unknown>>;
  readonly resize?: Readonly<Record<string, unknown>>;
  /** More nodes, and their types' registrations. */
  readonly nodes?: readonly FlowNode[];
  readonly register?: readonly NodeSet[];
  readonly credentials?: object;
}

/** What the flow's Catch node tells of an error. */
export interface Caught {
  readonly code: unknown;
  readonly message: unknown;
  readonly cause: unknown;
}

/**
 * All six nodes in Node-RED's own runtime, each with a probe behind each output, on a state directory of their own:
 * `create` -> `created`; `start` -> `stdout`, `stderr`, `end`; `stop` -> `stopped`; `remove` -> `removed`;
 * `resize` -> `resized`; errors -> `errors`; completed -> `completed`.
 */
export class ExecFlow {
  readonly stateDir: string;
  readonly #folder: string;
  readonly #runtime: FlowRuntime;
  readonly #options: ExecFlowOptions;

  private constructor(folder: string, runtime: FlowRuntime, options: ExecFlowOptions) {
    this.#folder = folder;
    this.stateDir = join(folder, "state");
    this.#runtime = runtime;
    this.#options = options;
  }

  static async open(options: ExecFlowOptions = {}): Promise<ExecFlow> {
    const folder = await mkdtemp(join(tmpdir(), "flow-"));
    const nodes = flowNodes(join(folder, "state"), options);
    const register = [...NODES, ...(options.register ?? [])];
    const runtime = await FlowRuntime.start(register, nodes, options.credentials);
    return new ExecFlow(folder, runtime, options);
  }

  get runtime(): FlowRuntime {
    return this.#runtime;
  }

  /** The service that the nodes use. */
  service(): Promise<SessionService> {
    return openSessionService(this.#runtime.RED, this.choice);
  }

  /** What its exec-container has chosen. */
  get choice(): ServiceChoice {
    return { stateDir: this.stateDir, host: "inside", orphans: "keep" };
  }

  send(id: string, message: NodeMessage): void {
    this.#runtime.send(id, message);
  }

  received(id: string): readonly NodeMessage[] {
    return this.#runtime.received(id);
  }

  message(id: string, index = 0): Promise<NodeMessage> {
    return this.#runtime.message(id, index);
  }

  /** The error that the Catch node gets as its n-th. */
  async error(index = 0): Promise<Caught> {
    const { code, message, cause } = (await this.message("errors", index)).error as Caught;
    return { code, message, cause };
  }

  /** Creates a session, and gives the message that leaves exec-create. */
  async create(exec: Readonly<Record<string, unknown>>, message: NodeMessage = {}): Promise<NodeMessage> {
    const index = this.received("created").length;
    this.send("create", { ...message, exec });
    return this.message("created", index);
  }

  /** Creates and starts a session, and gives the end message. */
  async run(command: readonly string[], message: NodeMessage = {}): Promise<NodeMessage> {
    const index = this.received("end").length;
    this.send("start", await this.create({ command }, message));
    return this.message("end", index);
  }

  deploy(type: DeployType, changes: ExecFlowOptions = {}): Promise<void> {
    return this.#runtime.deploy(flowNodes(this.stateDir, { ...this.#options, ...changes }), type);
  }

  /** All sessions must have ended. */
  async close(): Promise<void> {
    await this.#runtime.stop();
    await closeSessionServices();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function flowNodes(stateDir: string, options: ExecFlowOptions): readonly FlowNode[] {
  const probe = (id: string): FlowNode => ({ id, type: "probe", z: "tab", x: 9, y: 1, wires: [] });
  const node = (id: "create" | "start" | "stop" | "remove" | "resize", outputs: readonly string[]) => [
    {
      id,
      type: `exec-${id}`,
      z: "tab",
      x: 1,
      y: 1,
      container: "container",
      ...options[id],
      wires: outputs.map((output) => [output]),
    },
    ...outputs.map(probe),
  ];
  return [
    { id: "tab", type: "tab", label: "flow" },
    {
      id: "container",
      type: "exec-container",
      runtime: "local",
      stateDir,
      host: "inside",
      ...options.container,
    },
    ...node("create", ["created"]),
    ...node("start", ["stdout", "stderr", "end"]),
    ...node("stop", ["stopped"]),
    ...node("remove", ["removed"]),
    ...node("resize", ["resized"]),
    { id: "catch", type: "catch", z: "tab", x: 1, y: 1, scope: null, wires: [["errors"]] },
    probe("errors"),
    { id: "complete", type: "complete", z: "tab", x: 1, y: 1, scope: ["start"], wires: [["completed"]] },
    probe("completed"),
    ...(options.nodes ?? []),
  ];
}
