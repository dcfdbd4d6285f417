import type { EventEmitter } from "node:events";

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

/** While a deploy is under way, when it will be over: what is sent before might meet nodes that are being replaced. */
export function deployUnderWay(events: EventEmitter): Promise<void> | undefined {
  return lifeOf(events).deploy?.promise;
}

interface FlowLife {
  readonly waiting: Set<() => void>;
  /** Undefined: no deploy is under way. */
  deploy: PromiseWithResolvers<void> | undefined;
}

/** By the emitter of Node-RED's runtime events. One listener for all nodes, since the emitter warns from eleven on. */
const lives = new WeakMap<EventEmitter, FlowLife>();

function lifeOf(events: EventEmitter): FlowLife {
  const known = lives.get(events);
  if (known !== undefined) return known;
  const life: FlowLife = { waiting: new Set(), deploy: undefined };
  lives.set(events, life);
  events.on("flows:stopping", () => {
    life.deploy ??= Promise.withResolvers();
  });
  events.on("flows:started", () => {
    life.deploy?.resolve();
    life.deploy = undefined;
    const callbacks = [...life.waiting];
    life.waiting.clear();
    for (const callback of callbacks) callback();
  });
  return life;
}
