import type { EventEmitter } from "node:events";
import type { Node, NodeAPI } from "node-red";
import { areReceiversOpen } from "./receivers.ts";

/**
 * Calls back once all flows of the deploy under way have been started: only then do messages reach every node. Gives a
 * function that cancels.
 */
export function onceFlowsStarted(events: EventEmitter, callback: () => void): () => void {
  const { waiting } = lifeOf(events);
  waiting.add(callback);
  return () => {
    waiting.delete(callback);
  };
}

/**
 * While a deploy is under way, when to look again: what is sent before it is over might meet nodes that are being replaced.
 * One that Node-RED has broken off may last for days, in which only what goes to nodes that it has stopped has to wait.
 */
export function deployUnderWay(RED: NodeAPI, sender: Node): Promise<void> | undefined {
  const { deploy, isBrokenOff } = lifeOf(RED.events);
  return isBrokenOff && areReceiversOpen(RED, sender) ? undefined : deploy?.promise;
}

interface FlowLife {
  readonly waiting: Set<() => void>;
  /** Undefined: no deploy is under way. */
  deploy: PromiseWithResolvers<void> | undefined;
  /** Flows that it has not stopped go on, and the others are started once what is missing has been installed. */
  isBrokenOff: boolean;
}

/** Why Node-RED breaks off a deploy, in the words of its event for the editor; there is none for nodes. */
const BREAKS: ReadonlySet<unknown> = new Set(["missing-types", "missing-modules"]);

/** By the emitter of Node-RED's runtime events. One listener for all nodes, since the emitter warns from eleven on. */
const lives = new WeakMap<EventEmitter, FlowLife>();

function lifeOf(events: EventEmitter): FlowLife {
  const known = lives.get(events);
  if (known !== undefined) return known;
  const life: FlowLife = { waiting: new Set(), deploy: undefined, isBrokenOff: false };
  lives.set(events, life);
  events.on("flows:stopping", () => {
    life.deploy ??= Promise.withResolvers();
    life.isBrokenOff = false;
  });
  events.on("runtime-event", ({ payload }: { readonly payload?: { readonly error?: unknown } }) => {
    if (life.deploy === undefined || !BREAKS.has(payload?.error)) return;
    life.isBrokenOff = true;
    life.deploy.resolve();
    life.deploy = Promise.withResolvers();
  });
  events.on("flows:started", () => {
    life.deploy?.resolve();
    life.deploy = undefined;
    life.isBrokenOff = false;
    const callbacks = [...life.waiting];
    life.waiting.clear();
    for (const callback of callbacks) callback();
  });
  return life;
}
