import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { waitAtMost, waitUnlessAborted } from "../../src/session/bounded-wait.ts";

const LONG_MS = 60_000;

describe("a wait of at most some time", () => {
  it("says that the promise has settled, whichever way, and leaves no timer", async () => {
    await setImmediate();
    const timers = countTimers();
    assert.equal(await waitAtMost(Promise.resolve("x"), LONG_MS), true);
    assert.equal(await waitAtMost(Promise.reject(new Error("x")), LONG_MS), true);
    assert.equal(countTimers(), timers);
  });

  it("says that the promise has not settled in time, and does not mind if it is rejected later", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    assert.equal(await waitAtMost(promise, 1), false);
    await assertHandled(() => reject(new Error("too late to matter")));
  });
});

describe("a wait that a signal can end", () => {
  it("gives what the promise gives, and leaves no listener", async () => {
    const { signal } = new AbortController();
    assert.equal(await waitUnlessAborted(Promise.resolve(7), signal), 7);
    await assert.rejects(waitUnlessAborted(Promise.reject(new Error("no")), signal), { message: "no" });
    await setImmediate();
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  it("needs no signal", async () => {
    assert.equal(await waitUnlessAborted(Promise.resolve(7), undefined), 7);
  });

  it("ends with the signal's reason, and does not mind if the promise is rejected later", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const controller = new AbortController();
    const waiting = waitUnlessAborted(promise, controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
    await assertHandled(() => reject(new Error("too late to matter")));
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  });

  it("ends at once when the signal has been aborted before, even if the promise is rejected later", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    await assert.rejects(waitUnlessAborted(promise, AbortSignal.abort(new Error("before"))), {
      message: "before",
    });
    await assertHandled(() => reject(new Error("too late to matter")));
  });
});

/** An unhandled rejection would end Node-RED; the test runner lets it pass. */
async function assertHandled(action: () => void): Promise<void> {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listen);
  action();
  await setImmediate();
  process.off("unhandledRejection", listen);
  assert.deepEqual(unhandled, []);
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
