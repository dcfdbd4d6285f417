import assert from "node:assert/strict";
import { join } from "node:path";
import { createSessionService } from "../../src/node-red/create-session-service.ts";
import { NODE_RED_START_MS, NODE_RED_VERSIONS, ProbedNodeRed } from "../support/probed-node-red.ts";

const flow = [
  { id: "tab", type: "tab", label: "flow" },
  { id: "container", type: "exec-container", runtime: "local", host: "inside" },
  { id: "inject", type: "inject", z: "tab", x: 1, y: 1, props: [], wires: [["create"]] },
  {
    id: "create",
    type: "exec-create",
    z: "tab",
    x: 1,
    y: 1,
    container: "container",
    args: ["sh", "-c", "echo ready; exec sleep 60"].map((value) => ({ value, type: "str" })),
    wires: [["start"]],
  },
  {
    id: "start",
    type: "exec-start",
    z: "tab",
    x: 1,
    y: 1,
    container: "container",
    wires: [["stdout"], [], []],
  },
  { id: "stdout", type: "probe", z: "tab", x: 1, y: 1, wires: [] },
];

for (const version of NODE_RED_VERSIONS) {
  describe(`the end of Node-RED ${version}`, function () {
    this.timeout(NODE_RED_START_MS);

    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      it(`on ${signal} gives the state directory free, with its sessions, and leaves the command running`, async () => {
        const nodeRed = await ProbedNodeRed.start(version);
        await nodeRed.deploy(flow);
        await nodeRed.inject("inject");
        const { sessionId } = await nodeRed.message("stdout");
        assert.equal(await nodeRed.end(signal), 0);
        const complaints: string[] = [];
        const service = await createSessionService(
          { stateDir: join(nodeRed.userDir, "exec-sessions") },
          (sentence) => complaints.push(sentence),
        );
        const { state, output } = await service.inspect(String(sessionId));
        assert.deepEqual({ state, bytes: output.stdoutBytes }, { state: "running", bytes: "ready\n".length });
        assert.equal((await service.stop(String(sessionId), { timeout: 1 }))?.reason, "stopped");
        await service.close();
        await nodeRed.stop();
        const sentence = `Session ${String(sessionId).slice(0, 12)} still runs without its output; its exit code will be unknown.`;
        assert.deepEqual(complaints, [sentence]);
      });
    }
  });
}
