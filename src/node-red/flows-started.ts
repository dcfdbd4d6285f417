import type { EventEmitter } from "node:events";

/** Callbacks that wait, by the emitter of Node-RED's runtime events. */
const waiting = new WeakMap<EventEmitter, Set<() => void>>();

/**
 * Calls back once all flows of the deploy under way have been started: only then do messages reach every node. Gives a
 * function that cancels. Holds one listener however many wait, since the emitter warns from eleven on.
 */
export function onceFlowsStarted(events: EventEmitter, callback: () => void): () => void {
  const callbacks = waiting.get(events) ?? listen(events);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
  };
}

function listen(events: EventEmitter): Set<() => void> {
  const callbacks = new Set<() => void>();
  waiting.set(events, callbacks);
  events.once("flows:started", () => {
    waiting.delete(events);
    for (const callback of callbacks) callback();
  });
  return callbacks;
}
