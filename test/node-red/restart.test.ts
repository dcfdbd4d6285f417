import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readHostFile } from "../../src/api/host-file.ts";
import { SessionClient } from "../../src/client/session-client.ts";
import { isSameProcessAlive } from "../../src/process/process-identity.ts";
import { isSessionError } from "../../src/session/session-error.ts";
import {
  assemble,
  assertConsecutive,
  type Changes,
  flowNodes,
  RECORDED_JOB,
  recordingIn,
  sha256,
  writeUntil,
} from "../support/pipe-flow.ts";
import { PipeWriter } from "../support/pipe-writer.ts";
import { NODE_RED_START_MS, NODE_RED_VERSIONS, ProbedNodeRed } from "../support/probed-node-red.ts";
import { readRecording } from "../support/recording.ts";
import { waitUntil } from "../support/wait-until.ts";

/** While nobody reads, the command waits, so that what a fast one prints meanwhile stays small. */
const BLOCKING: Changes = { create: { outputMax: "1024", outputReplay: "512", outputPolicy: "block" } };

const LINE = `${"x".repeat(1023)}\n`;
/** Many times what a log of 64 KiB keeps. */
const LINES = 1000;

/** Several times what a new session host takes until it serves. */
const SLOW_DEPLOY_MS = 2000;

for (const version of NODE_RED_VERSIONS) {
  describe(`a session in the session host, Node-RED ${version}`, function () {
    this.timeout(2 * NODE_RED_START_MS);
    let nodeRed: ProbedNodeRed;
    let pipe: PipeWriter;

    beforeEach(async () => {
      nodeRed = await ProbedNodeRed.start(version);
      pipe = await PipeWriter.create();
    });

    afterEach(async () => {
      await pipe.end();
      await nodeRed.stop();
    });

    async function startSession(changes: Changes = {}): Promise<void> {
      await nodeRed.deploy(flowNodes(pipe.path, changes));
      await nodeRed.inject("inject");
    }

    const bytesOf = (id: string) =>
      Buffer.concat(nodeRed.received(id).map(({ payload }) => payload as Buffer));
    const textOf = (id: string) => bytesOf(id).toString();
    const resumeFolder = () => join(nodeRed.userDir, "exec-sessions-resume");
    const sessionId = async () => String((await nodeRed.message("stdout")).sessionId);

    function killHost(): void {
      const host = readHostFile(nodeRed.stateDir);
      assert.ok(host !== null);
      process.kill(host.pid, "SIGKILL");
    }

    /** Asks the session host, past Node-RED. */
    async function withClient<Answer>(ask: (client: SessionClient) => Promise<Answer>): Promise<Answer> {
      const client = new SessionClient({ socketPath: join(nodeRed.stateDir, "host.sock") });
      try {
        return await ask(client);
      } finally {
        await client.close();
      }
    }

    const stateOf = (id: string) =>
      withClient(async (client) => {
        try {
          return (await client.inspect(id)).state;
        } catch (error) {
          if (isSessionError(error)) return error.code;
          throw error;
        }
      });

    it("survives kill -9 of Node-RED: the flow gets all of its output, and its exit code", async () => {
      const folder = join(nodeRed.userDir, "recordings");
      mkdirSync(folder);
      const recorded = () => readRecording(folder, RECORDED_JOB).messages;
      await startSession({ ...BLOCKING, ...recordingIn(folder), end: {} });
      const stop = new AbortController();
      const writing = writeUntil(pipe, stop.signal);
      await waitUntil("output flows", () => recorded().length > 3);
      await nodeRed.kill();
      const received = recorded().length;
      await nodeRed.startAgain();
      await waitUntil("output flows again", () => recorded().length > received);
      stop.abort();
      const written = await writing;
      const end = await nodeRed.message("end");
      assert.equal(sha256(assemble(recorded())), sha256(written));
      assert.deepEqual([end.exitCode, end.topic, end.job], [0, "nightly", { tables: ["a", "b"] }]);
      assert.equal((await nodeRed.message("completed")).topic, "nightly");
      assert.equal(nodeRed.received("end").length, 1);
      assert.deepEqual(readdirSync(nodeRed.userDir).includes("exec-sessions-resume"), false);
    });

    it("survives kill -9 of Node-RED with a line that was begun long ago", async () => {
      const script = `printf "the beginning, " >&2; cat ${pipe.path}; echo "and the end" >&2`;
      const args = ["sh", "-c", script].map((value) => ({ value, type: "str" }));
      const create = { args, outputMax: "64", outputReplay: "0", outputPolicy: "block" };
      await startSession({ create, start: { unit: "line", format: "text" } });
      await pipe.write(LINE.repeat(LINES));
      await waitUntil("all lines are told", () => nodeRed.received("stdout").length === LINES);
      await nodeRed.kill();
      await pipe.end();
      await nodeRed.startAgain();
      await nodeRed.message("end");
      const told = nodeRed.received("stderr");
      assert.deepEqual(
        told.map(({ payload, missing }) => [payload, missing]),
        [
          ["the beginning, and the end", undefined],
          ["", undefined],
        ],
      );
    });

    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      it(`survives a restart by ${signal}: no byte is lost or told twice, and the end is told once`, async () => {
        await startSession(BLOCKING);
        const stop = new AbortController();
        const writing = writeUntil(pipe, stop.signal);
        await waitUntil("output flows", () => nodeRed.received("stdout").length > 3);
        for (let restart = 0; restart < 2; restart++) {
          assert.equal(await nodeRed.end(signal), 0);
          assert.deepEqual(nodeRed.complaints().filter(isOurs), []);
          await nodeRed.startAgain();
          const received = nodeRed.received("stdout").length;
          await waitUntil("output flows again", () => nodeRed.received("stdout").length > received + 3);
        }
        stop.abort();
        const written = await writing;
        assert.equal((await nodeRed.message("end")).exitCode, 0);
        await nodeRed.message("completed");
        assertConsecutive(nodeRed.received("stdout"));
        assert.equal(sha256(assemble(nodeRed.received("stdout"))), sha256(written));
        assert.deepEqual([nodeRed.received("end").length, nodeRed.received("completed").length], [1, 1]);
      });
    }

    it("that ends while Node-RED is off is told of when it is back, from the very byte", async () => {
      await startSession({ start: { unit: "line", format: "text" } });
      await pipe.write("one\ntw");
      await nodeRed.message("stdout");
      await nodeRed.end();
      await pipe.write("o\nthree");
      await pipe.end();
      await nodeRed.startAgain();
      assert.equal((await nodeRed.message("end")).exitCode, 0);
      assert.deepEqual(
        nodeRed.received("stdout").map(({ payload }) => payload),
        ["one", "two", "three"],
      );
    });

    it("is followed again after Node-RED was killed before any output had come", async () => {
      await startSession();
      await waitUntil("the session runs", () =>
        nodeRed.statuses("start").some(({ text }) => text === "1 running"),
      );
      await nodeRed.kill();
      await nodeRed.startAgain();
      await pipe.write("all of it");
      await pipe.end();
      await nodeRed.message("end");
      assert.equal(textOf("stdout"), "all of it");
    });

    it("whose output was dropped while Node-RED was off says how much", async () => {
      await startSession({ create: { outputMax: "64", outputReplay: "0" } });
      await pipe.write("before");
      await nodeRed.message("stdout");
      await nodeRed.end();
      const written = await writeUntil(pipe, AbortSignal.abort());
      await nodeRed.startAgain();
      const { rc } = await nodeRed.message("end");
      const missing = nodeRed
        .received("stdout")
        .reduce((sum, message) => sum + Number(message.missing ?? 0), 0);
      assert.ok(missing > 0);
      assert.equal((rc as { truncated: number }).truncated, missing);
      assert.equal(bytesOf("stdout").length + missing, "before".length + written.length);
    });

    it("goes on in its flow when the session host is killed: a true end, and the next job runs", async () => {
      await startSession({ container: { orphans: "stop" } });
      await pipe.write("before");
      await nodeRed.message("stdout");
      killHost();
      const { exitCode, rc } = await nodeRed.message("end");
      assert.deepEqual([exitCode, (rc as { reason: string }).reason], [null, "stopped"]);
      assert.equal(textOf("stdout"), "before");
      await pipe.end();
      pipe = await PipeWriter.create();
      await nodeRed.deploy(flowNodes(pipe.path, {}));
      await nodeRed.inject("inject");
      await pipe.write("next");
      await pipe.end();
      assert.equal((await nodeRed.message("end", 1)).exitCode, 0);
    });

    it("whose host is gone for a while warns once, and says that the host is looked for again", async () => {
      await startSession({ container: { orphans: "stop" } });
      await pipe.write("before");
      await nodeRed.message("stdout");
      const host = readHostFile(nodeRed.stateDir);
      assert.ok(host !== null);
      // Stopped, so that it does not make again what is taken away.
      process.kill(host.pid, "SIGSTOP");
      renameSync(nodeRed.stateDir, `${nodeRed.stateDir}.away`);
      writeFileSync(nodeRed.stateDir, "");
      process.kill(host.pid, "SIGKILL");
      await waitUntil("its node waits for the host", () =>
        nodeRed.statuses("start").some(({ text }) => /waiting/.test(text ?? "")),
      );
      rmSync(nodeRed.stateDir);
      renameSync(`${nodeRed.stateDir}.away`, nodeRed.stateDir);
      await nodeRed.message("end");
      assert.equal(nodeRed.complaints().filter(isOurs).length, 1);
      assert.match(
        nodeRed.complaints().find(isOurs) ?? "",
        /^The connection to the session host at \S+ broke .*\. This node looks for the session host again by itself, until it is there\.$/,
      );
    });

    it("whose host comes back in the middle of a deploy is told to its end by the node's next life alone", async () => {
      const args = ["sh", "-c", "echo here; sleep 1000"].map((value) => ({ value, type: "str" }));
      const slow = { container: { orphans: "stop" }, create: { args }, found: { closeMs: SLOW_DEPLOY_MS } };
      await startSession(slow);
      await nodeRed.message("stdout");
      killHost();
      await waitUntil("its node looks for it", () => nodeRed.complaints().some(isOurs));
      await nodeRed.deploy(flowNodes(pipe.path, slow));
      await nodeRed.message("end");
      assert.deepEqual(
        nodeRed.received("stdout").map(({ parts }) => (parts as { index: number }).index),
        [0, 1],
      );
      assert.equal(nodeRed.received("end").length, 1);
    });

    it("whose host is killed just before a clean restart is not told again, nor numbered anew", async () => {
      await startSession();
      await pipe.write("before");
      await nodeRed.message("stdout");
      killHost();
      await waitUntil("its node looks for it", () => nodeRed.complaints().some(isOurs));
      assert.equal(await nodeRed.end(), 0);
      await nodeRed.startAgain();
      await pipe.end();
      await nodeRed.message("end");
      assert.equal(textOf("stdout"), "before");
      assert.deepEqual(
        nodeRed.received("stdout").map(({ parts }) => (parts as { index: number }).index),
        [0, 1],
      );
    });

    it("survives a changed state directory and a restart after it", async () => {
      await startSession();
      await pipe.write("before, ");
      await nodeRed.message("stdout");
      await nodeRed.deploy(flowNodes(pipe.path, { container: { stateDir: "elsewhere" } }));
      await pipe.write("between, ");
      await nodeRed.message("stdout", 1);
      await nodeRed.end();
      await nodeRed.startAgain();
      await pipe.write("after");
      await pipe.end();
      await nodeRed.message("end");
      assert.equal(textOf("stdout"), "before, between, after");
    });

    it("is delivered from the byte where it was when its disabled node is enabled again", async () => {
      await startSession();
      await pipe.write("before, ");
      await nodeRed.message("stdout");
      await nodeRed.deploy(flowNodes(pipe.path, { start: { d: true } }), "nodes");
      await pipe.write("meanwhile");
      await pipe.end();
      await nodeRed.deploy(flowNodes(pipe.path, {}), "nodes");
      await nodeRed.message("end");
      assert.equal(textOf("stdout"), "before, meanwhile");
    });

    for (const [policy, fate] of [
      ["keep", "running"],
      ["stop", "stopped"],
      ["remove", "EXEC_SESSION_NOT_FOUND"],
    ] as const) {
      it(`of a deleted node is ${fate} under the policy ${policy}, also if Node-RED was off`, async () => {
        const changes = { container: { onDelete: policy } };
        const nodes = flowNodes(pipe.path, changes);
        const rest = nodes.filter(({ id }) => id !== "start");
        await startSession(changes);
        await pipe.write("before");
        const first = await sessionId();
        await nodeRed.deploy(rest, "nodes");
        await waitUntil("the policy has been followed", async () => (await stateOf(first)) === fate);
        await pipe.end();
        pipe = await PipeWriter.create();
        nodeRed.forget();
        await startSession(changes);
        await pipe.write("before");
        const second = await sessionId();
        await nodeRed.end();
        await nodeRed.replaceFlow(rest);
        await nodeRed.startAgain();
        await waitUntil("the policy has been followed", async () => (await stateOf(second)) === fate);
        await waitUntil("nothing is left to go on with", () => namesIn(resumeFolder()).length === 0);
        assert.deepEqual(nodeRed.received("end"), []);
      });
    }

    it("leaves Node-RED's end to the host, which leaves by itself once it is idle", async () => {
      await startSession();
      await pipe.write("only");
      await pipe.end();
      await nodeRed.message("end");
      const host = readHostFile(nodeRed.stateDir);
      assert.ok(host !== null && host.pid !== nodeRed.pid);
      await nodeRed.end();
      assert.ok(isSameProcessAlive(host));
    });
  });
}

/** Node-RED itself warns of what a new user directory lacks. */
function isOurs(complaint: string): boolean {
  return !/^(Projects disabled|Encrypted credentials not found)/.test(complaint);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
