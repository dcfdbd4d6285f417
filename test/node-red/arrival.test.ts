import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  assemble,
  assertConsecutive,
  flowNodes,
  RECORDED_JOB,
  recordingIn,
  sha256,
  writeUntil,
} from "../support/pipe-flow.ts";
import { PipeWriter } from "../support/pipe-writer.ts";
import { NODE_RED_START_MS, NODE_RED_VERSIONS, ProbedNodeRed } from "../support/probed-node-red.ts";
import { type Recorded, readRecording } from "../support/recording.ts";
import { waitUntil } from "../support/wait-until.ts";

const MIB = 1024 * 1024;

for (const version of NODE_RED_VERSIONS) {
  describe(`a message on its way when Node-RED ends, Node-RED ${version}`, function () {
    this.timeout(2 * NODE_RED_START_MS);
    let nodeRed: ProbedNodeRed;
    let pipe: PipeWriter;
    let folder: string;

    beforeEach(async () => {
      nodeRed = await ProbedNodeRed.start(version);
      pipe = await PipeWriter.create();
      folder = join(nodeRed.userDir, "recordings");
      mkdirSync(folder);
    });

    afterEach(async () => {
      await pipe.end();
      await nodeRed.stop();
    });

    const recorded = (what: Recorded["what"]) =>
      readRecording(folder, RECORDED_JOB).messages.filter((message) => message.what === what);
    const output = () => assemble(recorded("chunk")).toString();

    /** Starts a session at one of whose messages Node-RED ends, and starts Node-RED again. */
    async function endAt(fate: Readonly<Record<string, string>>, write: () => Promise<void>): Promise<void> {
      await nodeRed.deploy(flowNodes(pipe.path, recordingIn(folder, fate)));
      await nodeRed.inject("inject");
      await write();
      await waitUntil("Node-RED has ended", () => nodeRed.ended !== null);
      await nodeRed.startAgain();
    }

    it("is told again after a crash in the middle of it, also if it was the end", async () => {
      await endAt({ dieAt: "end" }, async () => {
        await pipe.write("all of it");
        await pipe.end();
      });
      await waitUntil("the end is told", () => recorded("end").length > 0);
      assert.equal(recorded("end")[0]?.rc?.code, 0);
      assert.equal(output(), "all of it");
    });

    it("is told again after a crash, and nothing of a log that keeps little is said to be missing", async () => {
      const create = { outputMax: "1024", outputReplay: "0", outputPolicy: "block" };
      await nodeRed.deploy(flowNodes(pipe.path, { ...recordingIn(folder), create }));
      await nodeRed.inject("inject");
      const stop = new AbortController();
      const writing = writeUntil(pipe, stop.signal);
      await waitUntil("much has been delivered", () => bytesIn(folder) > 3 * MIB);
      await nodeRed.kill();
      await nodeRed.startAgain();
      stop.abort();
      const written = await writing;
      await waitUntil("the end is told", () => recorded("end").length > 0);
      assert.equal(sha256(assemble(recorded("chunk"))), sha256(written));
      assert.deepEqual(
        recorded("chunk").flatMap(({ missing }) => missing ?? []),
        [],
      );
    });

    it("is told once after a clean stop: output", async () => {
      await endAt({ stopAt: "chunk" }, () => pipe.write("on its way, "));
      await pipe.write("after");
      await pipe.end();
      await waitUntil("the end is told", () => recorded("end").length > 0);
      assertConsecutive(recorded("chunk").map((message) => ({ ...message, parts: message })));
      assert.equal(output(), "on its way, after");
    });

    it("is told once after a clean stop: the end", async () => {
      await endAt({ stopAt: "end" }, async () => {
        await pipe.write("all of it");
        await pipe.end();
      });
      await waitUntil("the end is told", () => recorded("end").length > 0);
      assert.deepEqual([recorded("end").length, output()], [1, "all of it"]);
    });
  });
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
