import type { Node, NodeAPI, NodeMessage } from "node-red";
import { FlowError } from "./flow-error.ts";
import { deployUnderWay, onceFlowsStarted } from "./flow-life.ts";

/** Sends messages to a node's outputs, one after the other as Node-RED's `send` takes them. */
export type Send = (messages: NodeMessage | (NodeMessage | NodeMessage[] | null)[]) => void;

/** Whether a node's work for a message is done, or goes on in the node's next life. */
export type Delivery = "done" | "handedOver";

/** What a node does with each message. */
export interface NodeWork<Result> {
  /** Acts on a message. A deploy does not end it: its result is delivered by the node's next life. */
  act(message: NodeMessage): Promise<Result>;
  /** Sends what came of it. Never called once the node has been closed. */
  deliver(result: Result, send: Send, message: NodeMessage): Delivery | Promise<Delivery>;
  /** Called instead of `deliver` if the node was deleted meanwhile. Absent: the result needs no care. */
  discard?(result: Result): void;
  /** Messages whose delivery an earlier life left unfinished; each is then acted on again. Absent: none. */
  unfinished?(): Promise<readonly NodeMessage[]>;
  /** Shows below the node what went wrong; `done` is told besides. */
  showError(error: FlowError): void;
}

/** What earlier lives of a node have begun and not delivered, by node id: Node-RED makes a new node object at each deploy. */
const begun = new Map<string, Map<NodeMessage, Promise<unknown>>>();

/**
 * The one place where a node's errors end: each goes to `done` and to the node's status, and none gets out, since a
 * rejected promise would end the whole of Node-RED.
 */
export function handleInput<Result>(RED: NodeAPI, node: Node, work: NodeWork<Result>): void {
  const acts = begunBy(node.id) as Map<NodeMessage, Promise<Result>>;
  let isClosed = false;
  const underWay = () => deployUnderWay(RED, node);

  const attempt = async (message: NodeMessage, send: Send): Promise<Delivery> => {
    const act = acts.get(message) ?? work.act(message);
    acts.set(message, act);
    try {
      const result = await act;
      for (let deploy = underWay(); deploy !== undefined; deploy = underWay()) await deploy;
      if (isClosed) return "handedOver";
      acts.delete(message);
      return await work.deliver(result, send, message);
    } catch (error) {
      if (isClosed) return "handedOver";
      acts.delete(message);
      throw error;
    }
  };

  node.on("input", (message, send, done) => {
    const succeed = (delivery: Delivery) => {
      if (delivery === "done") done();
    };
    const fail = (error: unknown) => {
      const flowError = new FlowError(error);
      work.showError(flowError);
      done(flowError);
    };
    attempt(message, send)
      .then(succeed, fail)
      .catch((error) => node.error(new FlowError(error)));
  });

  const cancelTakeOver = takeOver(RED, node, [...acts.keys()], work.unfinished?.() ?? Promise.resolve([]));
  node.on("close", (removed: boolean, done: () => void) => {
    isClosed = true;
    cancelTakeOver();
    if (removed) discardActs(node.id, work);
    done();
  });
}

/** Has the node receive again what an earlier life left, as soon as messages reach every node. */
function takeOver(
  RED: NodeAPI,
  node: Node,
  begunBefore: readonly NodeMessage[],
  unfinished: Promise<readonly NodeMessage[]>,
): () => void {
  let isCancelled = false;
  const messages = unfinished.then(
    (others) => [...begunBefore, ...others],
    (error) => {
      node.error(new FlowError(error));
      return begunBefore;
    },
  );
  const receiveAll = async () => {
    // What was begun can be unfinished as well, if an earlier life was still taking it over.
    for (const message of new Set(await messages)) if (!isCancelled) node.receive(message);
  };
  const cancel = onceFlowsStarted(RED.events, () => {
    receiveAll().catch((error) => node.error(new FlowError(error)));
  });
  return () => {
    isCancelled = true;
    cancel();
  };
}

function begunBy(nodeId: string): Map<NodeMessage, Promise<unknown>> {
  const acts = begun.get(nodeId) ?? new Map<NodeMessage, Promise<unknown>>();
  begun.set(nodeId, acts);
  return acts;
}

function discardActs<Result>(nodeId: string, work: NodeWork<Result>): void {
  const acts = begunBy(nodeId) as Map<NodeMessage, Promise<Result>>;
  begun.delete(nodeId);
  for (const act of acts.values()) {
    act.then(work.discard?.bind(work), () => {
      // The node is gone, and with it whoever could be told.
    });
  }
}
