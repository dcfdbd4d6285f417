import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { NodeAPI, NodeStatus } from "node-red";
import type { StatusLine } from "../../src/node-red/node-status.ts";
import { createReturnCode } from "../../src/node-red/return-code.ts";
import { RunStatus } from "../../src/node-red/run-status.ts";
import type { EndRecord } from "../../src/session/exec-session.ts";
import { EXITED } from "../support/sample-end.ts";

const CATALOGUE = new URL("../../nodes/locales/en-US/exec-start.json", import.meta.url);
const texts: Record<string, string> = JSON.parse(readFileSync(CATALOGUE, "utf8"))["exec-start"].status;

/** As much of Node-RED as a status needs: the catalogue's text with the values in it. */
const RED = {
  _: (key: string, values: Record<string, unknown> = {}) =>
    (texts[key.replace("exec-start.status.", "")] ?? key).replaceAll(/__(\w+)__/g, (_, name) =>
      String(values[name]),
    ),
} as unknown as NodeAPI;

/** What a node shows that follows so many other sessions when one has ended so. */
function shownAfter(
  end: Partial<EndRecord>,
  { others }: { readonly others: number },
): NodeStatus | undefined {
  let shown: NodeStatus | undefined;
  const line = { show: (status: NodeStatus) => (shown = status) } as unknown as StatusLine;
  const status = new RunStatus(RED, line);
  for (let count = 0; count <= others; count++) status.started();
  status.ended(createReturnCode({ ...EXITED, ...end }, null), false);
  status.left();
  return shown;
}

describe("run-status", () => {
  it("tells how the last session ended apart from those that run", () => {
    const lost = shownAfter({ exitCode: null, reason: "lost" }, { others: 1 });
    assert.deepEqual(lost, { fill: "blue", shape: "dot", text: "1 running, last: lost" });
  });

  it("shows the exit code of a command that ended by itself, and why any other ended", () => {
    const ends = [
      { exitCode: 0 },
      { exitCode: 3 },
      { exitCode: 137, reason: "containerStopped" },
      { exitCode: 143, reason: "timeout" },
      { exitCode: 143, reason: "stopped" },
      { exitCode: null, reason: "lost" },
    ] as const;
    assert.deepEqual(
      ends.map((end) => shownAfter(end, { others: 0 })).map((status) => status?.text),
      ["rc 0", "rc 3", "container stopped", "timed out", "stopped", "lost"],
    );
  });
});
