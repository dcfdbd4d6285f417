import { setImmediate, setTimeout } from "node:timers/promises";
import type { Node, NodeAPI, NodeMessage } from "node-red";
import { SessionError } from "../session/session-error.ts";
import { type DeletedNodePolicy, isDeleted, settleDeleted } from "./deleted-nodes.ts";
import { containerSettings } from "./exec-container-node.ts";
import { EXEC_START_DEFAULTS, type ExecStartDefinition, readPieceRule } from "./exec-start-definition.ts";
import { exitError, isExitError } from "./exit-policy.ts";
import { FlowError } from "./flow-error.ts";
import { deployUnderWay } from "./flow-life.ts";
import { isHostTrouble } from "./host-trouble.ts";
import { type Delivery, handleInput, type Send } from "./input-edge.ts";
import { StatusLine } from "./node-status.ts";
import { resumeRegistry } from "./open-resume-registry.ts";
import { watchReceivers } from "./receivers.ts";
import type { ResumeEntry, ResumeRegistry } from "./resume-registry.ts";
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

/** Makes an exec-start out of a new node. */
export function setUpExecStart(RED: NodeAPI, node: Node, saved: ExecStartDefinition): void {
  new ExecStart(RED, node, { ...EXEC_START_DEFAULTS, ...saved }).listen();
}

/** A service that went away is asked again after so long, then after twice as long, and so on. */
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;

/** One life of an exec-start: from one deploy to the next. */
class ExecStart {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #definition: ExecStartDefinition;
  readonly #registry: ResumeRegistry;
  readonly #statusLine: StatusLine;
  readonly #status: RunStatus;
  readonly #deliveries = new Set<SessionDelivery>();
  /** What earlier lives left, by the message that started it. */
  readonly #left = new Map<NodeMessage, ResumeEntry>();
  /** Aborts when this life ends. */
  readonly #closed = new AbortController();
  /** Aborts when the node has been deleted or disabled: nobody goes on with what was begun. */
  readonly #removed = new AbortController();

  constructor(RED: NodeAPI, node: Node, definition: ExecStartDefinition) {
    this.#RED = RED;
    this.#node = node;
    this.#definition = definition;
    this.#registry = resumeRegistry(RED);
    this.#statusLine = new StatusLine(node);
    this.#status = new RunStatus(RED, this.#statusLine);
  }

  listen(): void {
    handleInput<Started>(this.#RED, this.#node, {
      act: (message) => this.#act(message),
      deliver: (started, send, message) => this.#deliver(started, send, message),
      discard: (started) => {
        if (started.kind === "attached") started.attachment.close();
      },
      unfinished: async () => this.#unfinished(),
      showError: (error) => {
        if (!isExitError(error.code)) this.#status.failed(error);
      },
    });
    const policy = this.#deletedPolicy();
    this.#node.on("close", (removed: boolean, done: () => void) => {
      this.#close(removed, policy);
      done();
    });
  }

  /** Its exec-container may be deleted together with this node, so it is asked before. Undefined: it says nothing. */
  #deletedPolicy(): DeletedNodePolicy | undefined {
    try {
      return containerSettings(this.#RED, this.#definition.container).onDelete();
    } catch {
      // Told to each message that comes.
      return undefined;
    }
  }

  #close(removed: boolean, policy: DeletedNodePolicy | undefined): void {
    this.#closed.abort();
    if (removed) this.#removed.abort();
    for (const delivery of this.#deliveries) delivery.detach();
    this.#statusLine.close();
    if (!removed || !isDeleted(this.#RED, this.#node.id)) return;
    for (const entry of this.#registry.entriesOf(this.#node.id)) {
      settleDeleted(this.#RED, this.#registry, entry, policy ?? entry.onDelete);
    }
  }

  #unfinished(): readonly NodeMessage[] {
    const entries = this.#registry.entriesOf(this.#node.id);
    for (const entry of entries) this.#left.set(entry.message, entry);
    return entries.map(({ message }) => message);
  }

  async #act(message: NodeMessage): Promise<Started> {
    const resume = async (entry: ResumeEntry) => {
      const attached = await this.#resume(entry, this.#removed.signal);
      if (attached !== undefined) return attached;
      throw new SessionError("EXEC_CLOSED", "The node was removed.");
    };
    const entry = this.#left.get(message);
    this.#left.delete(message);
    if (entry !== undefined) return resume(entry);
    readPieceRule(this.#definition);
    const evaluation = { RED: this.#RED, node: this.#node, message };
    return startSession({ evaluation, definition: this.#definition, registry: this.#registry, resume });
  }

  /**
   * Goes on with a session as soon as its service answers; warns once if it does not at first, unless that `isTold`.
   * Undefined: not before the signal aborted.
   */
  async #resume(entry: ResumeEntry, signal: AbortSignal, isTold = false): Promise<Attached | undefined> {
    // What an earlier life has just sent is still on its way; then the entry says whether it has arrived.
    await setImmediate();
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        return await resumeSession(this.#RED, this.#registry, entry);
      } catch (error) {
        if (!isHostTrouble(error)) throw error;
        if (pauseMs === FIRST_PAUSE_MS && !isTold) this.#warnOf(error);
        this.#status.waiting();
        await pause(pauseMs, signal);
      }
    }
    return undefined;
  }

  /** Of trouble with the session's service, after which this node looks for it again. */
  #warnOf(trouble: unknown): void {
    const { message } = new FlowError(trouble);
    this.#node.warn(
      new FlowError(trouble, this.#RED._("exec-start.warning.lookedFor", { trouble: message })),
    );
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

  /** Sends output as it comes, then the end, also over losses of the session host. Throws the error that the node makes of the end, if any. */
  async #follow(attached: Attached, send: Send, message: NodeMessage): Promise<Delivery> {
    this.#status.started();
    try {
      for (let current: Attached | undefined = attached; current !== undefined; ) {
        const outcome = await this.#deliverUntilTrouble(current, send, message);
        if (outcome === undefined) break;
        if (outcome !== "again" && outcome !== "troubled") return this.#tellEnd(outcome, message);
        current = await this.#resume(attached.entry, this.#closed.signal, outcome === "troubled");
        this.#status.show();
      }
      return "handedOver";
    } finally {
      this.#status.left();
    }
  }

  /** Undefined: this life of the node ended first. `troubled`: the session's service went away, which has been told. */
  async #deliverUntilTrouble(
    attached: Attached,
    send: Send,
    message: NodeMessage,
  ): Promise<DeliveredEnd | "again" | "troubled" | undefined> {
    // A session host that was waited for may answer only now; the node's next life has asked for itself.
    if (this.#closed.signal.aborted) {
      attached.attachment.close();
      return undefined;
    }
    const rule = readPieceRule(this.#definition);
    const delivery = new SessionDelivery({
      ...attached,
      messages: new SessionMessages(this.#RED, message, attached.session, rule),
      rule,
      registry: this.#registry,
      send,
      watchReceivers: () => watchReceivers(this.#RED, this.#node),
      pause: () => deployUnderWay(this.#RED, this.#node),
      onGap: ({ bytes }) => this.#node.warn(this.#RED._("exec-start.warning.missing", { bytes })),
    });
    this.#deliveries.add(delivery);
    try {
      return await delivery.run();
    } catch (error) {
      if (!isHostTrouble(error)) throw error;
      this.#warnOf(error);
      return "troubled";
    } finally {
      this.#deliveries.delete(delivery);
      // While the service is looked for nothing is delivered, and Node-RED may end; then nobody else writes down how far it was.
      this.#registry.settle(attached.entry);
    }
  }

  #tellEnd({ end, rc, session }: DeliveredEnd, message: NodeMessage): Delivery {
    const error = exitError(this.#definition.errors, session.ID, end);
    this.#status.ended(rc, error !== undefined);
    // For Complete and Catch nodes, which get this message.
    Object.assign(message, { session, rc, exitCode: rc.code });
    if (error !== undefined) throw error;
    return "done";
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

/** Ends early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => {
    // Whoever pauses looks at the signal next.
  });
}
