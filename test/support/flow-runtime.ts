import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { waitUntil } from "./wait-until.ts";

const require = createRequire(import.meta.url);
const helper = require("node-red-node-test-helper") as TestHelper;

/** The parts of node-red-node-test-helper that are used here; it has no types of its own. */
interface TestHelper {
  init(runtimePath: string, settings: object): void;
  startServer(): Promise<void>;
  stopServer(): Promise<void>;
  load(nodes: readonly NodeSet[], flow: readonly FlowNode[], credentials: object): Promise<void>;
  unload(): Promise<void>;
  setFlows(flow: readonly FlowNode[], type: DeployType): Promise<void>;
  getNode(id: string): Node | null;
}

/** What a node's file exports. */
export type NodeSet = (RED: NodeAPI) => void;
export type DeployType = "full" | "flows" | "nodes";

/** A node as a flow file has it. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** What a node shows below itself. */
export interface StatusText {
  readonly fill?: string;
  readonly shape?: string;
  readonly text?: string;
}

/** Real nodes in Node-RED's own runtime, without editor and HTTP. One at a time: the runtime is a singleton. */
export class FlowRuntime {
  #RED: NodeAPI | undefined;
  readonly #received = new Map<string, NodeMessage[]>();
  readonly #statuses = new Map<string, StatusText[]>();
  readonly #keepStatus = ({ id, status }: { readonly id: string; readonly status: StatusText }) => {
    this.#statuses.set(id, [...this.statuses(id), status]);
  };

  static async start(
    nodes: readonly NodeSet[],
    flow: readonly FlowNode[],
    credentials = {},
  ): Promise<FlowRuntime> {
    helper.init(require.resolve("node-red"), { userDir: tmpdir() });
    await helper.startServer();
    const runtime = new FlowRuntime();
    await helper.load([...nodes, runtime.#registerProbe], [...flow], credentials);
    return runtime;
  }

  /** Takes the changed flow as the editor's Deploy button does. */
  async deploy(flow: readonly FlowNode[], type: DeployType): Promise<void> {
    await helper.setFlows([...flow], type);
  }

  async stop(): Promise<void> {
    this.RED.events.off("node-status", this.#keepStatus);
    await helper.unload();
    await helper.stopServer();
  }

  /** Node-RED's API, as nodes get it. */
  get RED(): NodeAPI {
    if (this.#RED === undefined) throw new Error("the runtime has not been started");
    return this.#RED;
  }

  node(id: string): Node {
    const node = helper.getNode(id);
    if (node === null) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** Sends a message to a node. */
  send(id: string, message: NodeMessage): void {
    this.node(id).receive(message);
  }

  /** What a node has shown as its status so far, in all its lives. */
  statuses(id: string): readonly StatusText[] {
    return this.#statuses.get(id) ?? [];
  }

  /** What a node of the type `probe` has received so far. */
  received(id: string): readonly NodeMessage[] {
    return this.#received.get(id) ?? [];
  }

  /** The n-th message that a probe receives, counted from 0. */
  async message(id: string, index = 0): Promise<NodeMessage> {
    await waitUntil(`message ${index} reaches ${id}`, () => this.received(id).length > index);
    const message = this.received(id)[index];
    if (message === undefined) throw new Error(`no message ${index} at ${id}`);
    return message;
  }

  /** A node that only keeps what it gets; in all its lives. */
  readonly #registerProbe = (RED: NodeAPI): void => {
    const received = this.#received;
    this.#RED = RED;
    RED.events.on("node-status", this.#keepStatus);
    RED.nodes.registerType("probe", function (this: Node, definition: NodeDef) {
      RED.nodes.createNode(this, definition);
      this.on("input", (message, _send, done) => {
        received.set(this.id, [...(received.get(this.id) ?? []), message]);
        done();
      });
    });
  };
}
