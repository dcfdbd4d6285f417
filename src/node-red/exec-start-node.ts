import type { Node, NodeAPI, NodeMessage } from "node-red";
import { EXEC_START_DEFAULTS, type ExecStartDefinition, readPieceRule } from "./exec-start-definition.ts";
import { exitError, isExitError } from "./exit-policy.ts";
import { deployUnderWay } from "./flow-life.ts";
import { type Delivery, handleInput, type Send } from "./input-edge.ts";
import { StatusLine } from "./node-status.ts";
import { MemoryResumeRegistry, type ResumeEntry, type ResumeRegistry } from "./resume-registry.ts";
import { createReturnCode } from "./return-code.ts";
import { RunStatus } from "./run-status.ts";
import { type DeliveredEnd, SessionDelivery } from "./session-delivery.ts";
import { SessionMessages } from "./session-message.ts";
import {
  type Attached,
  type FailedToStart,
  resumeSession,
  type Started,
  startSession,
} from "./start-session.ts";

/** Node-RED makes new node objects at each deploy, so what they have to remember is kept here. */
const registry: ResumeRegistry = new MemoryResumeRegistry();

/** Makes an exec-start out of a new node. */
export function setUpExecStart(RED: NodeAPI, node: Node, saved: ExecStartDefinition): void {
  new ExecStart(RED, node, { ...EXEC_START_DEFAULTS, ...saved }).listen();
}

/** One life of an exec-start: from one deploy to the next. */
class ExecStart {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #definition: ExecStartDefinition;
  readonly #statusLine: StatusLine;
  readonly #status: RunStatus;
  readonly #deliveries = new Set<SessionDelivery>();
  /** What earlier lives left, by the message that started it. */
  readonly #left = new Map<NodeMessage, ResumeEntry>();

  constructor(RED: NodeAPI, node: Node, definition: ExecStartDefinition) {
    this.#RED = RED;
    this.#node = node;
    this.#definition = definition;
    this.#statusLine = new StatusLine(node);
    this.#status = new RunStatus(RED, this.#statusLine);
  }

  listen(): void {
    handleInput<Started>(this.#RED, this.#node, {
      act: (message) => this.#act(message),
      deliver: (started, send, message) => this.#deliver(started, send, message),
      discard: (started) => {
        if (started.kind === "attached") started.attachment.close({ forget: true });
      },
      unfinished: () => this.#unfinished(),
      showError: (error) => {
        if (!isExitError(error.code)) this.#status.failed(error);
      },
    });
    this.#node.on("close", (removed: boolean, done: () => void) => {
      for (const delivery of this.#deliveries) delivery.detach({ forget: removed });
      this.#statusLine.close();
      done();
    });
  }

  async #unfinished(): Promise<readonly NodeMessage[]> {
    const entries = await registry.entriesOf(this.#node.id);
    for (const entry of entries) this.#left.set(entry.message, entry);
    return entries.map(({ message }) => message);
  }

  async #act(message: NodeMessage): Promise<Started> {
    const entry = this.#left.get(message);
    this.#left.delete(message);
    if (entry !== undefined) return resumeSession(this.#RED, registry, entry);
    readPieceRule(this.#definition);
    return startSession({ RED: this.#RED, node: this.#node, message }, this.#definition);
  }

  #deliver(started: Started, send: Send, message: NodeMessage): Promise<Delivery> | Delivery {
    Object.assign(message, { sessionId: started.session.ID, session: started.session });
    switch (started.kind) {
      case "attached":
        return this.#follow(started, send, message);
      case "detached":
        send([null, null, message]);
        return "done";
      case "failed":
        return this.#tellFailure(started, send, message);
    }
  }

  /** Sends output as it comes, then the end. Throws the error that the node makes of the end, if any. */
  async #follow(attached: Attached, send: Send, message: NodeMessage): Promise<Delivery> {
    const rule = readPieceRule(this.#definition);
    const delivery = new SessionDelivery({
      ...attached,
      messages: new SessionMessages(this.#RED, message, attached.session, rule),
      rule,
      registry,
      send,
      pause: () => deployUnderWay(this.#RED.events),
      onGap: ({ bytes }) => this.#node.warn(this.#RED._("exec-start.warning.missing", { bytes })),
    });
    const delivered = await this.#runDelivery(delivery);
    if (delivered === undefined) return "handedOver";
    const { end, rc, session } = delivered;
    const error = exitError(this.#definition.errors, session.ID, end);
    this.#status.ended(rc, error !== undefined);
    // For Complete and Catch nodes, which get this message.
    Object.assign(message, { session, rc, exitCode: rc.code });
    if (error !== undefined) throw error;
    return "done";
  }

  async #runDelivery(delivery: SessionDelivery): Promise<DeliveredEnd | undefined> {
    this.#deliveries.add(delivery);
    this.#status.started();
    try {
      return await delivery.run();
    } catch (error) {
      this.#status.left();
      throw error;
    } finally {
      this.#deliveries.delete(delivery);
    }
  }

  #tellFailure({ session, error }: FailedToStart, send: Send, message: NodeMessage): never {
    if (session.end !== null) {
      const rc = createReturnCode(session.end, session);
      const messages = new SessionMessages(this.#RED, message, session, readPieceRule(this.#definition));
      send([null, null, messages.end(rc, session)]);
      Object.assign(message, { rc, exitCode: rc.code });
    }
    throw error;
  }
}
