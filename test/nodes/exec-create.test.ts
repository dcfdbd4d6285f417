import assert from "node:assert/strict";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("exec-create", () => {
  let flow: ExecFlow;

  const open = async (options?: ExecFlowOptions) => {
    flow = await ExecFlow.open(options);
  };

  afterEach(() => flow.close());

  it("the message goes on with the new session's id and state, and all that it had", async () => {
    await open({ create: { args: [{ value: "true", type: "str" }] } });
    flow.send("create", { payload: { kept: [1] }, topic: "job" });
    const { payload, topic, sessionId, session } = await flow.message("created");
    assert.match(String(sessionId), /^[0-9a-f]{64}$/);
    assert.deepEqual({ payload, topic }, { payload: { kept: [1] }, topic: "job" });
    assert.deepEqual(session, await (await flow.service()).inspect(String(sessionId)));
  });

  it("the session is plain JSON, and tells the environment by name only", async () => {
    await open();
    const { session } = await flow.create({ command: ["env"], env: { TOKEN: "s3cret" } });
    assert.deepEqual(JSON.parse(JSON.stringify(session)), session);
    assert.ok((session as { environmentNames: string[] }).environmentNames.includes("TOKEN"));
    assert.ok(!JSON.stringify(session).includes("s3cret"));
  });

  it("the payload is never part of the command", async () => {
    await open({ create: { args: [{ value: "echo", type: "str" }] } });
    flow.send("create", { payload: "; rm -rf /" });
    const { session } = await flow.message("created");
    assert.deepEqual((session as { ProcessConfig: object }).ProcessConfig, {
      entrypoint: "echo",
      arguments: [],
      privileged: false,
      tty: false,
      user: "",
    });
  });

  it("variables of the container configuration reach the command, those of Node-RED and secret ones too", async () => {
    process.env.EXEC_CREATE_TEST = "from the environment";
    await open({
      container: {
        environment: [
          { name: "A", type: "str", value: "text" },
          { name: "B", type: "env", value: "EXEC_CREATE_TEST" },
          { name: "C", type: "cred", value: "secret2" },
        ],
      },
      credentials: { container: { secret2: "s3cret" } },
      start: { unit: "whole" },
    });
    await flow.run(["sh", "-c", 'echo "$A, $B, $C"']);
    delete process.env.EXEC_CREATE_TEST;
    assert.equal((await flow.message("stdout")).payload, "text, from the environment, s3cret\n");
  });

  it("a secret that is not stored here is named, and no session is made", async () => {
    await open({ container: { environment: [{ name: "TOKEN", type: "cred", value: "secret1" }] } });
    flow.send("create", { exec: { command: ["true"] } });
    assert.deepEqual(await flow.error(), {
      code: "EXEC_INVALID_CONFIG",
      message:
        'The secret value of the variable "TOKEN" is not stored on this Node-RED; enter it in the container configuration.',
      cause: undefined,
    });
    assert.deepEqual(await (await flow.service()).list(), []);
  });

  it("a shell line runs in a shell, and a list of arguments does not", async () => {
    await open({
      create: { commandKind: "shell", shellLine: "echo $((1 + 1)) | cat" },
      start: { unit: "whole" },
    });
    flow.send("create", {});
    flow.send("start", await flow.message("created"));
    assert.equal((await flow.message("stdout")).payload, "2\n");
    await flow.run(["echo", "$((1 + 1)) | cat"]);
    assert.equal((await flow.message("stdout", 1)).payload, "$((1 + 1)) | cat\n");
  });

  it("the status tells the new session's id, and an error by its code", async () => {
    await open();
    const { sessionId } = await flow.create({ command: ["true"] });
    flow.send("create", { exec: { command: [] } });
    const shown = () => flow.runtime.statuses("create");
    await waitUntil("both statuses are shown", () => shown().length >= 2);
    assert.deepEqual(shown(), [
      { fill: "green", shape: "dot", text: String(sessionId).slice(0, 12) },
      { fill: "red", shape: "ring", text: "invalid config" },
    ]);
  });
});
