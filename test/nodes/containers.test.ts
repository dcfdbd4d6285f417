import assert from "node:assert/strict";
import { ContainerYard, type OciContainer } from "../support/containers.ts";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Making a container is quick, but not on a machine under load. */
const CONTAINER_MS = 60_000;

for (const kind of ["crun", "runc"] as const) {
  describeNeeding(["root", kind], `the five nodes and containers of ${kind}`, function () {
    this.timeout(CONTAINER_MS);
    let yard: ContainerYard;
    let container: OciContainer;
    let flow: ExecFlow;

    beforeEach(async () => {
      yard = await ContainerYard.open(kind);
      container = await yard.startContainer((config) => {
        config.hostname = "inside";
      });
    });

    afterEach(async () => {
      await flow.close();
      await yard.close();
    });

    const open = async (options: ExecFlowOptions = {}) => {
      flow = await ExecFlow.open({
        start: { unit: "line" },
        ...options,
        container: {
          runtime: kind,
          runtimePath: yard.program,
          runtimeRoot: yard.root,
          container: container.id,
          ...options.container,
        },
      });
    };

    const texts = (id: string) => flow.received(id).map(({ payload }) => payload);

    it("a command runs in the container, and its output and exit code come out", async () => {
      await open();
      const { exitCode, session } = await flow.run(["sh", "-c", "hostname; echo err >&2; exit 3"]);
      assert.equal(exitCode, 3);
      assert.deepEqual(texts("stdout"), ["inside", ""]);
      assert.deepEqual(texts("stderr"), ["err", ""]);
      assert.equal((session as { ContainerID: string }).ContainerID, container.id);
    });

    it("user, working directory and environment are those of the configuration, unless the message says otherwise", async () => {
      await open({
        container: {
          user: "1000:1000",
          workDir: "/tmp",
          environment: [{ name: "A", type: "str", value: "configured" }],
        },
      });
      await flow.run(["sh", "-c", 'echo "$(id -u) $(pwd) $A"']);
      const created = await flow.create({
        command: ["sh", "-c", 'echo "$(id -u) $(pwd) $A"'],
        user: "0",
        workDir: "/",
        env: { A: "message" },
      });
      flow.send("start", created);
      await flow.message("end", 1);
      assert.deepEqual(texts("stdout"), ["1000 /tmp configured", "", "0 / message", ""]);
    });

    it("a terminal is resized, and stop ends the command and its descendants", async () => {
      await open({ create: { tty: true, stdin: true } });
      const command = ["sh", "-c", "trap 'stty size' WINCH; sleep 600 & echo ready; while :; do wait; done"];
      const created = await flow.create({ command, stopTimeout: 1 });
      flow.send("start", created);
      // A terminal ends lines with a carriage return; runc may double that of the first lines, since it switches the
      // translation of its terminal off only after the command has begun.
      const lines = () => texts("stdout").map((text) => String(text).trimEnd());
      await waitUntil("the command is ready", () => lines().includes("ready"));
      flow.send("resize", { sessionId: created.sessionId, payload: { columns: 132, rows: 50 } });
      // The runtime may set the first size after the command has begun, which tells it of that one too.
      await waitUntil("the command is told the new size", () => lines().includes("50 132"));
      flow.send("stop", { sessionId: created.sessionId });
      const { rc } = await flow.message("stopped");
      assert.equal((rc as { reason: string }).reason, "stopped");
      await flow.message("end");
      flow.send(
        "start",
        await flow.create({ command: ["sh", "-c", "ps -o args | grep -c '[s]leep 600'"], tty: false }),
      );
      await flow.message("end", 1);
      assert.equal(texts("stdout").at(-2), "0");
    });

    it("a message may name another container, and all sessions of one are removed without those of the other", async () => {
      const other = await yard.startContainer((config) => {
        config.hostname = "other";
      });
      await open({ remove: { what: "all" } });
      flow.send("start", await flow.create({ command: ["hostname"] }, { container: other.id }));
      await flow.message("end");
      assert.deepEqual(texts("stdout"), ["other", ""]);
      const { sessionId } = await flow.run(["true"]);
      flow.send("remove", { container: other.id });
      await flow.message("removed");
      const left = await (await flow.service()).list();
      assert.deepEqual(
        left.map(({ id }) => id),
        [sessionId],
      );
    });

    it("a container that is stopped under a running session ends it, and says so", async () => {
      await open();
      flow.send("start", await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 600"] }));
      await flow.message("stdout");
      await container.stop();
      const { rc } = await flow.message("end");
      const { reason, code } = rc as Record<string, unknown>;
      assert.deepEqual({ reason, code }, { reason: "containerStopped", code: 137 });
    });

    it("a paused and a stopped container are refused at create and at start", async () => {
      await open();
      const created = await flow.create({ command: ["true"] });
      await container.pause();
      flow.send("create", { exec: { command: ["true"] } });
      assert.equal((await flow.error()).code, "EXEC_CONTAINER_PAUSED");
      flow.send("start", { ...created });
      assert.equal((await flow.error(1)).code, "EXEC_CONTAINER_PAUSED");
      await container.resume();
      await container.stop();
      flow.send("create", { exec: { command: ["true"] } });
      assert.equal((await flow.error(2)).code, "EXEC_CONTAINER_NOT_RUNNING");
      flow.send("start", { ...created });
      assert.equal((await flow.error(3)).code, "EXEC_CONTAINER_NOT_RUNNING");
      const list = await (await flow.service()).list();
      assert.deepEqual(
        list.map(({ id, state }) => [id, state]),
        [[created.sessionId, "created"]],
      );
    });
  });
}
