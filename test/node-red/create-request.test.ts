import assert from "node:assert/strict";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { readCreateRequest } from "../../src/node-red/create-request.ts";
import type { ContainerDefaults, ContainerSettings } from "../../src/node-red/exec-container-node.ts";
import {
  EXEC_CREATE_DEFAULTS,
  type ExecCreateDefinition,
} from "../../src/node-red/exec-create-definition.ts";
import { FlowRuntime } from "../support/flow-runtime.ts";

let context: { readonly RED: NodeAPI; readonly node: Node };

function registerReader(RED: NodeAPI): void {
  RED.nodes.registerType("reader", function (this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    context = { RED, node: this };
  });
}

const noDefaults: ContainerDefaults = { user: "", workDir: "", stopTimeout: undefined, env: {} };
const target = { runtime: { kind: "local", path: "", root: "" }, container: "web" } as const;

describe("create-request", () => {
  let runtime: FlowRuntime;

  before(async () => {
    runtime = await FlowRuntime.start(
      [registerReader],
      [
        { id: "tab", type: "tab", label: "flow", env: [{ name: "LIMIT", value: "30", type: "str" }] },
        { id: "reader", type: "reader", z: "tab", x: 1, y: 1, wires: [] },
      ],
    );
  });

  after(() => runtime.stop());

  /** The configuration that create is asked for. */
  async function read(
    fields: Partial<ExecCreateDefinition>,
    message: NodeMessage = {},
    defaults: Partial<ContainerDefaults> = {},
  ): Promise<Record<string, unknown>> {
    const container: ContainerSettings = {
      service: () => ({ stateDir: "/nowhere", host: "inside", orphans: "keep" }),
      onDelete: () => "keep",
      target: () => target,
      defaults: () => ({ ...noDefaults, ...defaults }),
      openService: () => Promise.reject(new Error("not needed")),
    };
    const definition = { ...EXEC_CREATE_DEFAULTS, ...fields } as ExecCreateDefinition;
    const request = await readCreateRequest({ ...context, message }, definition, container);
    return { ...request.config };
  }

  it("the values of a list of arguments are the command, each as it is", async () => {
    const args = [
      { value: "printf", type: "str" },
      { value: "", type: "str" },
      { value: "payload", type: "msg" },
      { value: "7", type: "num" },
      { value: "$uppercase(topic)", type: "jsonata" },
    ];
    const { command } = await read({ args }, { payload: "a b; c", topic: "x" });
    assert.deepEqual(command, ["printf", "", "a b; c", "7", "X"]);
  });

  it("a list may come from a value, and is not looked into", async () => {
    const value = { commandKind: "list", command: "payload", commandType: "msg" } as const;
    assert.deepEqual((await read(value, { payload: ["ls", 7] })).command, ["ls", 7]);
    const json = { commandKind: "list", command: '["ls", "-l"]', commandType: "json" } as const;
    assert.deepEqual((await read(json)).command, ["ls", "-l"]);
  });

  it("a shell line is one argument of the container's shell", async () => {
    const shell = { commandKind: "shell", shellLine: "echo $HOME | wc -c" } as const;
    assert.deepEqual((await read(shell)).command, ["/bin/sh", "-c", "echo $HOME | wc -c"]);
    await assert.rejects(read({ commandKind: "shell", shellLine: " " }), {
      code: "EXEC_INVALID_CONFIG",
      message: '"command" as a shell line must be a text that is not empty; got undefined.',
    });
  });

  it("the payload is never added to a command", async () => {
    const { command } = await read({ args: [{ value: "true", type: "str" }] }, { payload: "extra" });
    assert.deepEqual(command, ["true"]);
  });

  it("fields left empty are not said, so that the defaults of the service hold", async () => {
    assert.deepEqual(await read({ args: [{ value: "true", type: "str" }] }), {
      command: ["true"],
      tty: false,
      attachStdin: false,
      privileged: false,
      user: "",
      workDir: "",
      output: {},
      env: {},
      labels: {},
    });
  });

  it("all fields are told in the units and under the names of the configuration", async () => {
    const config = await read(
      {
        args: [{ value: "top", type: "str" }],
        tty: true,
        stdin: true,
        privileged: true,
        user: "1000",
        workDir: "/data",
        timeout: "LIMIT",
        timeoutType: "env",
        stopSignal: "SIGINT",
        stopTimeout: "2.5",
        columns: "120",
        rows: "40",
        detachKeysType: "off",
        outputMax: "128",
        outputReplay: "0",
        outputPolicy: "block",
        labels: [{ name: "job", value: "payload", type: "msg" }],
        env: [{ name: "A", value: "", type: "str" }],
      },
      { payload: "nightly" },
    );
    assert.deepEqual(config, {
      command: ["top"],
      tty: true,
      attachStdin: true,
      privileged: true,
      user: "1000",
      workDir: "/data",
      timeout: 30,
      stopSignal: "SIGINT",
      stopTimeout: 2.5,
      consoleSize: { columns: 120, rows: 40 },
      detachKeys: "",
      output: { maxBytes: 131072, replayBytes: 0, policy: "block" },
      labels: { job: "nightly" },
      env: { A: "" },
    });
  });

  it("a terminal's size is not told where there is no terminal", async () => {
    const size = { columns: "120", rows: "40" };
    assert.equal((await read({ ...size, tty: false })).consoleSize, undefined);
    assert.deepEqual((await read({ ...size, tty: false }, { exec: { tty: true } })).consoleSize, {
      columns: 120,
      rows: 40,
    });
  });

  it("the message comes before the node, the node before the container's defaults", async () => {
    const defaults = {
      user: "www",
      workDir: "/srv",
      stopTimeout: 5,
      env: { A: "default", B: "default", C: "default" },
    };
    const env = [
      { name: "B", value: "node", type: "str" },
      { name: "C", value: "node", type: "str" },
    ];
    const exec = { user: "root", timeout: 9, env: { C: "message" } };
    const config = await read(
      { args: [{ value: "true", type: "str" }], workDir: "/tmp", env },
      { exec },
      defaults,
    );
    assert.deepEqual(
      { ...config, command: undefined },
      {
        ...config,
        command: undefined,
        user: "root",
        workDir: "/tmp",
        stopTimeout: 5,
        timeout: 9,
        env: { A: "default", B: "node", C: "message" },
      },
    );
  });

  it("the message may switch on what the node has off", async () => {
    const exec = { command: ["true"], tty: true, attachStdin: true, privileged: true };
    const { tty, attachStdin, privileged } = await read({}, { exec });
    assert.deepEqual([tty, attachStdin, privileged], [true, true, true]);
  });

  it("a field that the message overrides is not evaluated", async () => {
    const { command } = await read(
      { commandKind: "list", command: "{", commandType: "json" },
      { exec: { command: ["true"] } },
    );
    assert.deepEqual(command, ["true"]);
  });

  it("the message's variables may be a list; what is neither is left to the service to refuse", async () => {
    assert.deepEqual((await read({}, { exec: { env: ["A=1", "B=x=y"] } })).env, { A: "1", B: "x=y" });
    assert.deepEqual((await read({}, { exec: { env: ["=1"] } })).env, ["=1"]);
    assert.equal((await read({}, { exec: { env: "A=1" } })).env, "A=1");
  });

  it("msg.exec has to be an object", async () => {
    await assert.rejects(read({}, { exec: "ls" }), {
      code: "EXEC_INVALID_ARGUMENT",
      message: '"msg.exec" must be an object with fields of the configuration; got "ls".',
    });
  });

  it("a value that cannot be evaluated is refused by its field's name", async () => {
    const fields = { commandKind: "list", command: "[", commandType: "json" } as const;
    await assert.rejects(read(fields), {
      code: "EXEC_INVALID_ARGUMENT",
      message: /^"command" \(json "\["\) cannot be evaluated: /,
    });
    await assert.rejects(read({ user: "$$$(", userType: "jsonata" }), {
      code: "EXEC_INVALID_ARGUMENT",
      message: /^"user" \(jsonata/,
    });
  });

  it("a variable without a value is refused by its name", async () => {
    await assert.rejects(
      read({ env: [{ name: "TOKEN", value: "payload.token", type: "msg" }] }, { payload: {} }),
      {
        code: "EXEC_INVALID_CONFIG",
        message: '"env" has no value for "TOKEN": msg "payload.token" is not set.',
      },
    );
  });
});
