import assert from "node:assert/strict";
import type { Node } from "node-red";
import { FlowError } from "../../src/node-red/flow-error.ts";
import { errorStatus, StatusLine } from "../../src/node-red/node-status.ts";
import { SessionError } from "../../src/session/session-error.ts";
import { waitUntil } from "../support/wait-until.ts";

/** As much of a node as its status needs. */
function statusNode() {
  const shown: { readonly text: unknown; readonly atMs: number }[] = [];
  const node = {
    status: ({ text }: { text?: string }) => shown.push({ text, atMs: performance.now() }),
  } as unknown as Node;
  return { node, shown };
}

describe("node-status", () => {
  it("of many statuses at once the first and the newest are shown, a quarter of a second apart", async () => {
    const { node, shown } = statusNode();
    const line = new StatusLine(node);
    for (let count = 1; count <= 100; count++) line.show({ text: String(count) });
    await waitUntil("the newest is shown", () => shown.length === 2);
    const [first, last] = shown;
    assert.deepEqual([first?.text, last?.text], ["1", "100"]);
    // Timers of Node.js may fire up to a millisecond early.
    assert.ok((last?.atMs ?? 0) - (first?.atMs ?? 0) >= 249);
    line.close();
  });

  it("a closed status line shows nothing more, not even what waits", () => {
    const { node, shown } = statusNode();
    const line = new StatusLine(node);
    line.show({ text: "1" });
    line.show({ text: "2" });
    line.close();
    line.show({ text: "3" });
    assert.deepEqual(
      shown.map(({ text }) => text),
      ["1"],
    );
  });

  it("a status line that was closed while nothing waits shows nothing more either", () => {
    const { node, shown } = statusNode();
    const line = new StatusLine(node);
    line.close();
    line.show({ text: "1" });
    assert.deepEqual(shown, []);
  });

  it("an error is shown by its code in plain words, or as an error", () => {
    const known = new FlowError(new SessionError("EXEC_CONTAINER_NOT_FOUND", "There is no container web."));
    assert.deepEqual(errorStatus(known), { fill: "red", shape: "ring", text: "container not found" });
    assert.equal(errorStatus(new FlowError(new Error("unforeseen"))).text, "error");
  });
});
