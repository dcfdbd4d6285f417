import assert from "node:assert/strict";
import { HostWorld, LOCAL, startSession } from "../support/host-world.ts";
import { RunningCommandLine, runCommand } from "./command-line.ts";
import { CommandLineSuite } from "./command-line-suite.ts";

/** Says a little on both streams and, once it is told to, a little more. */
const TALKING = ["sh", "-c", "echo one; echo err >&2; read line; echo two; exit 3"];

describe("exec-sessions logs", () => {
  const suite = new CommandLineSuite();

  async function talk(): Promise<string> {
    const id = await startSession(suite.service, TALKING, { attachStdin: true });
    let bytes = 0;
    for await (const chunk of await suite.service.attach(id)) {
      bytes += chunk.kind === "data" ? chunk.data.length : 0;
      if (bytes === "one\nerr\n".length) break;
    }
    return id;
  }

  it("write what there is by now, each stream to its own", async () => {
    const id = await talk();
    assert.deepEqual(await runCommand(["logs", id.slice(0, 8)]), {
      code: 0,
      stdout: "one\n",
      stderr: "err\n",
    });
    await suite.service.endInput(id);
    await suite.service.wait(id);
    assert.deepEqual(await runCommand(["logs", id]), { code: 0, stdout: "one\ntwo\n", stderr: "err\n" });
  });

  it("go on until the session has ended, if they are told to", async () => {
    const id = await talk();
    const following = new RunningCommandLine(["logs", "-f", id]);
    await following.says("one");
    await suite.service.endInput(id);
    assert.deepEqual(await following.result, { code: 0, stdout: "one\ntwo\n", stderr: "err\n" });
  });

  it("begin after so many bytes, of which there may be none yet", async () => {
    const id = await talk();
    await suite.service.endInput(id);
    await suite.service.wait(id);
    for (const [since, stdout] of [
      ["8", "two\n"],
      ["9", "wo\n"],
      ["12", ""],
      ["1000", ""],
    ] as const) {
      assert.deepEqual(await runCommand(["logs", "--since", since, id]), { code: 0, stdout, stderr: "" });
    }
  });

  it("begin with the last lines, of both streams together, and can go on from there", async () => {
    const id = await talk();
    const following = new RunningCommandLine(["logs", "-f", "-n", "2", id]);
    await following.says("one");
    await suite.service.endInput(id);
    assert.deepEqual(await following.result, { code: 0, stdout: "one\ntwo\n", stderr: "err\n" });
    for (const [lines, stdout, stderr] of [
      ["0", "", ""],
      ["1", "two\n", ""],
      ["2", "two\n", "err\n"],
      ["1000", "one\ntwo\n", "err\n"],
    ] as const) {
      assert.deepEqual(await runCommand(["logs", "--tail", lines, id]), { code: 0, stdout, stderr });
    }
    assert.equal((await runCommand(["logs", "--tail", "2", "--since", "9", id])).stdout, "wo\n");
  });

  it("have as last line also one that does not end", async () => {
    const id = await startSession(suite.service, ["printf", "one\ntwo\nthr"]);
    await suite.service.wait(id);
    assert.equal((await runCommand(["logs", "-n", "2", id])).stdout, "two\nthr");
  });

  it("say of a time that output is kept without", async () => {
    for (const time of ["10m", "2026-01-02T03:04:05Z", "-1"]) {
      const { code, stderr } = await runCommand(["logs", "--since", time, "abc"]);
      assert.equal(code, 125);
      assert.match(stderr, /It must be a number of bytes from 0, .*: output is kept without times\./);
    }
  });

  it("say how much is not kept any more", async () => {
    const id = await startSession(suite.service, ["sh", "-c", "seq 100000"], {
      output: { maxBytes: 65_536 },
    });
    await suite.service.wait(id);
    const { output } = await suite.service.inspect(id);
    const { code, stdout, stderr } = await runCommand(["logs", id]);
    assert.equal(
      stderr,
      `exec-sessions: ${output.firstOffset} bytes of output, from byte 0 on, are not kept any more.\n`,
    );
    assert.equal(stdout.length, output.stdoutBytes - output.firstOffset);
    assert.deepEqual([code, stdout.endsWith("\n99999\n100000\n")], [0, true]);
  });

  it("are JSON lines for programs, with the bytes as they are", async () => {
    const id = await startSession(suite.service, ["printf", "\\377\\n"]);
    await suite.service.wait(id);
    const { stdout } = await runCommand(["logs", "--json", id]);
    assert.deepEqual(JSON.parse(stdout), { kind: "data", stream: "stdout", offset: 0, data: "/wo=" });
  });
});

describe("exec-sessions attach", () => {
  const suite = new CommandLineSuite();

  it("begins with what comes now, sends input, and passes on the exit code", async () => {
    const id = await startSession(suite.service, TALKING, { attachStdin: true });
    for await (const _ of await suite.service.attach(id)) break;
    assert.deepEqual(await runCommand(["attach", "-i", "--since", "8", id], "go on\n"), {
      code: 3,
      stdout: "two\n",
      stderr: "",
    });
    assert.deepEqual(await runCommand(["attach", id]), { code: 3, stdout: "", stderr: "" });
    assert.equal((await runCommand(["attach", "--since", "0", id])).stdout, "one\ntwo\n");
  });

  it("leaves the session alone when it is ended itself", async () => {
    const id = await startSession(suite.service, ["sh", "-c", "sleep 0.2; echo said; exec sleep 1000"]);
    const attached = new RunningCommandLine(["attach", "--since", "0", id]);
    await attached.says("said");
    attached.child.kill("SIGTERM");
    await attached.result;
    assert.equal((await suite.service.inspect(id)).Running, true);
  });

  it("tells how the session ended where its exit code does not", async () => {
    const id = await startSession(suite.service, ["sleep", "1000"], { timeout: 0.2 });
    const { code, stderr } = await runCommand(["attach", id]);
    assert.equal(code, 143);
    assert.equal(
      stderr,
      `exec-sessions: Session ${id.slice(0, 12)} has ended: exit code 143, SIGTERM, timeout.\n`,
    );
  });

  it("writes JSON lines for programs, the end as the last", async () => {
    const id = await startSession(suite.service, ["sh", "-c", "echo one; exit 6"]);
    const { stdout, code } = await runCommand(["attach", "--json", "--since", "0", id]);
    const lines = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines, [
      { kind: "data", stream: "stdout", offset: 0, data: "b25lCg==" },
      { kind: "ended", end: await suite.service.wait(id) },
    ]);
    assert.equal(code, 6);
  });
});

describe("exec-sessions events", () => {
  const suite = new CommandLineSuite();

  it("tell a session's life, from the event on that is asked for", async () => {
    const told = new RunningCommandLine(["events", "--since", "0"]);
    const id = await startSession(suite.service, ["sh", "-c", "exit 3"]);
    await suite.service.wait(id);
    await suite.service.remove(id);
    await told.says("removed");
    told.child.kill("SIGTERM");
    const lines = (await told.result).stdout.split("\n").map((line) => line.split("  ").slice(2));
    const own = lines
      .filter(([session]) => session === id.slice(0, 12))
      .map((facts) => facts.slice(1).join(" "));
    assert.deepEqual(
      own.map((fact) => fact.replace(/\d+$/, "N")),
      ["local created", "local started pid N", "local exited exit code N", "local removed"],
    );
  });

  it("are JSON lines for programs", async () => {
    const told = new RunningCommandLine(["events", "--json", "--since", "0"]);
    const id = await startSession(suite.service, ["true"]);
    await suite.service.wait(id);
    await told.says(`"sessionId":"${id}","containerId":"local","type":"exited"`);
    told.child.kill("SIGTERM");
    const lines = (await told.result).stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const types = lines.filter(({ sessionId }) => sessionId === id).map(({ type }) => type);
    assert.deepEqual(types, ["created", "started", "exited"]);
  });
});

describe("exec-sessions events, when the session host ends", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    it(`by ${signal}, say so and fail, since they were to go on`, async () => {
      const { service, pid } = await world.connect();
      const told = new RunningCommandLine(["events", "--since", "0", "--state-dir", world.stateDir]);
      await service.create(LOCAL, { command: ["true"] });
      await told.says("created");
      process.kill(pid, signal);
      const { code, stderr } = await told.result;
      const sentence = `The session host at ${world.stateDir}/host.sock has ended; no more events come from it.`;
      assert.deepEqual([code, stderr], [125, `exec-sessions: ${sentence}\n`]);
    });
  }
});
