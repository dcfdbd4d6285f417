import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "node-red";
import { ExecFlow, type ExecFlowOptions } from "../support/exec-flow.ts";

const RUN = { command: ["true"] };

/** What a message, or a node, asks of exec-create that it may not have. */
const refusedCreates: readonly {
  readonly title: string;
  readonly message?: NodeMessage;
  readonly options?: ExecFlowOptions;
  readonly code: string;
  /** What the sentence names: the field, the value, and what is allowed. */
  readonly names: readonly string[];
}[] = [
  {
    title: "no container",
    options: { container: { runtime: "crun", container: "" } },
    message: { exec: RUN },
    code: "EXEC_NO_CONTAINER",
    names: ["msg.container", "container configuration"],
  },
  {
    title: "no container configuration",
    options: { create: { container: "" } },
    message: { exec: RUN },
    code: "EXEC_NO_CONTAINER",
    names: ["container configuration", "edit dialog"],
  },
  {
    title: "an unknown container",
    message: { exec: RUN, container: "web" },
    code: "EXEC_CONTAINER_NOT_FOUND",
    names: ["web"],
  },
  {
    title: "a container id that begins with a dash",
    message: { exec: RUN, container: "--root=/" },
    code: "EXEC_INVALID_CONTAINER_ID",
    names: ["--root=/", "letter or digit"],
  },
  {
    title: "a container id with a slash",
    message: { exec: RUN, container: "../web" },
    code: "EXEC_INVALID_CONTAINER_ID",
    names: ["../web"],
  },
  {
    title: "a container that is no text",
    message: { exec: RUN, container: { id: "web" } },
    code: "EXEC_INVALID_CONTAINER_ID",
    names: ["msg.container"],
  },
  {
    title: "no command at all",
    message: {},
    code: "EXEC_INVALID_CONFIG",
    names: ["command", "list of strings", "[]"],
  },
  {
    title: "an empty program",
    message: { exec: { command: [""] } },
    code: "EXEC_INVALID_CONFIG",
    names: ["command", "list of strings"],
  },
  {
    title: "a command that is a text",
    message: { exec: { command: "ls -l" } },
    code: "EXEC_INVALID_CONFIG",
    names: ["command", "ls -l", "list of strings"],
  },
  {
    title: "a command with a number in it",
    message: { exec: { command: ["sleep", 1] } },
    code: "EXEC_INVALID_CONFIG",
    names: ["command", "list of strings"],
  },
  {
    title: "an argument with a NUL byte",
    message: { exec: { command: ["echo", "a\0b"] } },
    code: "EXEC_INVALID_CONFIG",
    names: ["command", "NUL"],
  },
  {
    title: "an unknown user",
    message: { exec: { ...RUN, user: "nobody-knows" } },
    code: "EXEC_USER_NOT_FOUND",
    names: ["nobody-knows"],
  },
  {
    title: "an unknown group",
    message: { exec: { ...RUN, user: "root:nobody-knows" } },
    code: "EXEC_GROUP_NOT_FOUND",
    names: ["nobody-knows"],
  },
  {
    title: "a missing working directory",
    message: { exec: { ...RUN, workDir: "/no/such/folder" } },
    code: "EXEC_WORKDIR_NOT_FOUND",
    names: ["/no/such/folder"],
  },
  {
    title: "a relative working directory",
    message: { exec: { ...RUN, workDir: "tmp" } },
    code: "EXEC_INVALID_CONFIG",
    names: ["workDir", "tmp", "absolute path"],
  },
  {
    title: "a variable without a name",
    message: { exec: { ...RUN, env: { "": "x" } } },
    code: "EXEC_INVALID_CONFIG",
    names: ["env", "empty"],
  },
  {
    title: "an entry of the environment without a name",
    message: { exec: { ...RUN, env: ["=x"] } },
    code: "EXEC_INVALID_CONFIG",
    names: ["env", "NAME=value"],
  },
  {
    title: "a terminal together with a separate standard error",
    message: { exec: { ...RUN, tty: true, attachStderr: true } },
    code: "EXEC_INVALID_CONFIG",
    names: ["attachStderr", "tty"],
  },
  {
    title: "a terminal of no size",
    message: { exec: { ...RUN, tty: true, consoleSize: { columns: 0, rows: 24 } } },
    code: "EXEC_INVALID_CONFIG",
    names: ["consoleSize", "1 to 65535"],
  },
  {
    title: "a timeout that is no number",
    options: { create: { timeout: "soon", timeoutType: "str" } },
    message: { exec: RUN },
    code: "EXEC_INVALID_CONFIG",
    names: ["timeout", "soon", "seconds"],
  },
  {
    title: "a signal that there is not",
    message: { exec: { ...RUN, stopSignal: "SIGNOPE" } },
    code: "EXEC_INVALID_CONFIG",
    names: ["stopSignal", "SIGNOPE"],
  },
  {
    title: "a field that there is not",
    message: { exec: { ...RUN, comand: ["ls"] } },
    code: "EXEC_INVALID_CONFIG",
    names: ["comand", "command"],
  },
  {
    title: "a runtime that there is not",
    options: { container: { runtime: "podman" } },
    message: { exec: RUN },
    code: "EXEC_INVALID_CONFIG",
    names: ["runtime", "podman", "crun, runc or local"],
  },
  {
    title: "a runtime's path that is not there",
    options: { container: { runtime: "crun", runtimePath: "/no/such/crun", container: "web" } },
    message: { exec: RUN },
    code: "EXEC_RUNTIME_NOT_FOUND",
    names: ["/no/such/crun"],
  },
];

describe("bad input", () => {
  let flow: ExecFlow;

  const open = async (options: ExecFlowOptions = {}) => {
    flow = await ExecFlow.open({ start: { unit: "line" }, ...options });
  };

  afterEach(() => flow.close());

  /** The n-th error: its code, and that its sentence is one and names what it has to. */
  async function assertRefused(code: string, names: readonly string[], index = 0): Promise<void> {
    const error = await flow.error(index);
    assert.equal(error.code, code, String(error.message));
    const sentence = String(error.message);
    assert.deepEqual(
      names.filter((name) => !sentence.includes(name)),
      [],
      sentence,
    );
    assert.match(sentence, /^["A-Z0-9][^\n]*\.$/);
  }

  describe("at exec-create", () => {
    for (const { title, message = {}, options, code, names } of refusedCreates) {
      it(`${title} is refused, and nothing is left behind`, async () => {
        await open(options);
        flow.send("create", message);
        await assertRefused(code, names);
        assert.deepEqual(flow.received("created"), []);
        assert.deepEqual(await (await flow.service()).list(), []);
      });
    }
  });

  it("a runtime's path that is no program is refused, and nothing is left behind", async () => {
    const folder = await mkdtemp(join(tmpdir(), "no-program-"));
    const path = join(folder, "crun");
    await writeFile(path, "", { mode: 0o600 });
    await open({ container: { runtime: "crun", runtimePath: path, container: "web" } });
    flow.send("create", { exec: RUN });
    await assertRefused("EXEC_RUNTIME_NOT_EXECUTABLE", [path]);
    assert.deepEqual(await (await flow.service()).list(), []);
    await rm(folder, { recursive: true });
  });

  describe("at every node that takes a session", () => {
    const ids: Readonly<Record<string, readonly [unknown, string]>> = {
      "no session id": [undefined, "EXEC_INVALID_SESSION_ID"],
      "a path": ["../x", "EXEC_INVALID_SESSION_ID"],
      "an empty session id": ["", "EXEC_INVALID_SESSION_ID"],
      "a session id that is no text": [{ id: 1 }, "EXEC_INVALID_SESSION_ID"],
      "an unknown session id": ["0123456789abcdef".repeat(4), "EXEC_SESSION_NOT_FOUND"],
    };
    for (const node of ["start", "stop", "remove", "resize"]) {
      for (const [title, [sessionId, code]] of Object.entries(ids)) {
        it(`${node}: ${title} is refused`, async () => {
          await open();
          flow.send(node, { sessionId, payload: { columns: 80, rows: 24 } });
          await assertRefused(code, typeof sessionId === "string" ? [sessionId] : []);
        });
      }
    }

    it("the beginning of two sessions' ids is refused", async () => {
      await open();
      const beginnings = new Map<string, string>();
      let ambiguous: string | undefined;
      while (ambiguous === undefined) {
        const beginning = String((await flow.create(RUN)).sessionId).slice(0, 1);
        if (beginnings.has(beginning)) ambiguous = beginning;
        beginnings.set(beginning, beginning);
      }
      flow.send("start", { sessionId: ambiguous });
      await assertRefused("EXEC_SESSION_AMBIGUOUS", [ambiguous, "more digits"]);
    });
  });

  it("a removed session cannot be started", async () => {
    await open();
    const { sessionId } = await flow.create(RUN);
    flow.send("remove", { sessionId });
    await flow.message("removed");
    flow.send("start", { sessionId });
    await assertRefused("EXEC_SESSION_NOT_FOUND", [String(sessionId).slice(0, 12)]);
  });

  it("a session that has ended cannot be started, resized or killed again", async () => {
    await open();
    const { sessionId } = await flow.run(["true"]);
    flow.send("start", { sessionId });
    await assertRefused("EXEC_WRONG_STATE", ["start", "stopped"]);
    flow.send("resize", { sessionId, payload: { columns: 80, rows: 24 } });
    await assertRefused("EXEC_WRONG_STATE", ["resize", "stopped"], 1);
  });

  for (const [columns, shown] of [
    [0, "0"],
    [-1, "-1"],
    [80.5, "80.5"],
    [65536, "65536"],
    ["wide", "wide"],
    [undefined, "undefined"],
  ] as const) {
    it(`a terminal of ${shown} columns is refused`, async () => {
      await open();
      const { sessionId } = await flow.create(RUN);
      flow.send("resize", { sessionId, payload: { columns, rows: 24 } });
      await assertRefused("EXEC_INVALID_SIZE", ["columns", shown, "1 to 65535"]);
    });
  }

  it("a stop with a timeout or a signal that is none is refused, and the session runs on", async () => {
    await open({
      stop: { timeout: "payload.timeout", timeoutType: "msg", signal: "payload.signal", signalType: "msg" },
    });
    const created = await flow.create({ command: ["sh", "-c", "echo ready; exec sleep 60"] });
    flow.send("start", created);
    await flow.message("stdout");
    const { sessionId } = created;
    flow.send("stop", { sessionId, payload: { timeout: -1 } });
    await assertRefused("EXEC_INVALID_ARGUMENT", ["timeout", "-1"]);
    flow.send("stop", { sessionId, payload: { signal: "SIGNOPE" } });
    await assertRefused("EXEC_INVALID_ARGUMENT", ["signal", "SIGNOPE"], 1);
    assert.equal((await (await flow.service()).inspect(String(sessionId))).state, "running");
    flow.send("stop", { sessionId, payload: { timeout: 0 } });
    await flow.message("end");
  });

  it("input that is neither text nor bytes is refused, and the session is not started", async () => {
    await open({ create: { stdin: true }, start: { input: "payload", inputType: "msg" } });
    const { sessionId } = await flow.create({ command: ["cat"] });
    flow.send("start", { sessionId, payload: { not: "text" } });
    await assertRefused("EXEC_INVALID_ARGUMENT", ["input", "not"]);
    assert.equal((await (await flow.service()).inspect(String(sessionId))).state, "created");
  });

  it("a size of messages that is none is refused, and the session is not started", async () => {
    await open({ start: { maxSize: "0.5" } });
    const { sessionId } = await flow.create(RUN);
    flow.send("start", { sessionId });
    await assertRefused("EXEC_INVALID_CONFIG", ["maxSize", "0.5", "KiB"]);
    assert.equal((await (await flow.service()).inspect(String(sessionId))).state, "created");
  });
});
