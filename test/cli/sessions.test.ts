import assert from "node:assert/strict";
import { readHostFile } from "../../src/api/host-file.ts";
import { LOCAL, startSession } from "../support/host-world.ts";
import { commandLine, RunningCommandLine, runCommand, TerminalCommandLine } from "./command-line.ts";
import { CommandLineSuite } from "./command-line-suite.ts";

const SLEEP = ["sleep", "1000"];
const NONE = "f".repeat(64);

describe("exec-sessions ls", () => {
  const suite = new CommandLineSuite();

  it("shows what a person wants to know, the newest last, and names in full", async () => {
    const ended = await startSession(suite.service, ["sh", "-c", "exit 3"]);
    await suite.service.wait(ended);
    const stopped = await startSession(suite.service, ["sleep", "two words", "\x1b[31m"]);
    await suite.service.wait(stopped);
    const running = await startSession(suite.service, SLEEP);
    const { id: created } = await suite.service.create(LOCAL, { command: ["true"] });
    const { stdout, code } = await runCommand(["ls"]);
    const table = stdout.replaceAll(/\d+ s ago/g, "now");
    assert.deepEqual(
      table.split("\n").map((line) => line.split(/ {3,}/)),
      [
        ["ID", "STATUS", "CONTAINER", "CREATED", "COMMAND"],
        [ended.slice(0, 12), "exited (3)", "local", "now", "sh -c 'exit 3'"],
        [stopped.slice(0, 12), "exited (1)", "local", "now", "sleep 'two words' '\\u001b[31m'"],
        [running.slice(0, 12), "running", "local", "now", "sleep 1000"],
        [created.slice(0, 12), "created", "local", "now", "true"],
        [""],
      ],
    );
    assert.equal(code, 0);
  });

  it("shows those that are asked for", async () => {
    const [job, other] = [
      await startSession(suite.service, SLEEP, { labels: { job: "dump", n: "1" } }),
      await startSession(suite.service, SLEEP, { labels: { job: "dump", n: "2" } }),
    ];
    await suite.service.stop(other);
    const asked: readonly [args: string, ids: readonly string[]][] = [
      ["--label job=dump --label n=1", [job]],
      ["--label job=dump", [job, other]],
      ["--state running", [job]],
      ["--state stopped --container local", [other]],
      ["--container none", []],
    ];
    for (const [args, ids] of asked) {
      const { stdout } = await runCommand(["ls", "-q", ...args.split(" ")]);
      assert.deepEqual(stdout.split("\n").filter(Boolean), ids, args);
    }
  });

  it("and inspect cut and wrap nothing where the terminal does not know its size", async () => {
    const id = await startSession(suite.service, SLEEP);
    for (const [args, whole] of [
      [["ls"], / s ago +sleep 1000\r\n/],
      [["inspect", id], /Environment +\S+ \S+/],
    ] as const) {
      const line = commandLine(args).join(" ");
      const terminal = new TerminalCommandLine(["-c", `stty cols 0; ${line}`], undefined, "sh");
      await terminal.ended;
      await terminal.shows(whole);
    }
  });

  it("writes JSON for programs", async () => {
    const id = await startSession(suite.service, SLEEP);
    const { stdout } = await runCommand(["ls", "--json"]);
    assert.deepEqual(JSON.parse(stdout), await suite.service.list());
    assert.equal(JSON.parse(stdout)[0].id, id);
  });
});

describe("exec-sessions inspect", () => {
  const suite = new CommandLineSuite();

  it("tells everything, and nothing that would make a terminal do something", async () => {
    const id = await startSession(suite.service, ["sh", "-c", "echo out; echo err >&2; exit 3"], {
      env: { SECRET: "hush" },
      labels: { job: "\x1b[2J\x9b" },
    });
    await suite.service.wait(id);
    const { stdout, code } = await runCommand(["inspect", id.slice(0, 6)]);
    const facts = new Map(stdout.split("\n").map((line) => line.split(/ {2,}/) as [string, string]));
    assert.equal(code, 0);
    assert.deepEqual(
      ["Id", "State", "End", "Command", "Container", "Labels", "Streams", "Output"].map((name) =>
        facts.get(name),
      ),
      [
        id,
        "stopped",
        "exit code 3",
        "sh -c 'echo out; echo err >&2; exit 3'",
        "local",
        "job=\\u001b[2J\\u009b",
        "stdout stderr",
        "4 bytes of stdout, 4 of stderr",
      ],
    );
    assert.match(facts.get("Environment") ?? "", /\bSECRET\b/);
    assert.doesNotMatch(stdout, /hush/);
  });

  it("writes a list as JSON, of those that there are, and says which there are not", async () => {
    const id = await startSession(suite.service, SLEEP);
    const { stdout, stderr, code } = await runCommand(["inspect", "--json", NONE, id]);
    assert.deepEqual(JSON.parse(stdout), [await suite.service.inspect(id)]);
    assert.deepEqual([JSON.parse(stderr).code, code], ["EXEC_SESSION_NOT_FOUND", 125]);
  });
});

describe("exec-sessions wait", () => {
  const suite = new CommandLineSuite();

  it("writes exit codes in the order of the ids, once all have ended", async () => {
    const first = await startSession(suite.service, ["sh", "-c", "read line; exit 4"], { attachStdin: true });
    const second = await startSession(suite.service, ["false"]);
    await suite.service.wait(second);
    const waiting = new RunningCommandLine(["wait", first.slice(0, 12), second]);
    await runCommand(["wait", second]);
    assert.equal(waiting.stdout, "");
    await suite.service.write(first, Buffer.from("go\n"));
    assert.deepEqual(await waiting.result, { code: 0, stdout: "4\n1\n", stderr: "" });
  });

  it("writes an exit code that nobody knows as unknown, and as null for programs", async () => {
    const id = await startSession(suite.service, SLEEP);
    const host = readHostFile(suite.world.stateDir);
    assert.ok(host !== null);
    process.kill(host.pid, "SIGKILL");
    await runCommand(["kill", id]);
    assert.deepEqual(await runCommand(["wait", id]), { code: 0, stdout: "unknown\n", stderr: "" });
    const { stdout } = await runCommand(["wait", "--json", id]);
    assert.deepEqual(JSON.parse(stdout), { id, exitCode: null });
  });

  it("fails where there is no such session, and waits for the others all the same", async () => {
    const id = await startSession(suite.service, ["false"]);
    const { code, stdout, stderr } = await runCommand(["wait", NONE, id]);
    assert.deepEqual([code, stdout], [125, "1\n"]);
    assert.match(stderr, /^exec-sessions: There is no session f+; /);
  });
});

describe("exec-sessions stop, kill and rm", () => {
  const suite = new CommandLineSuite();

  it("stop sessions at once, and tell in their order how they have ended", async () => {
    const obeying = ["sh", "-c", 'trap "exit 4" TERM; echo; while :; do sleep 0.01; done'];
    const ids = [
      await startSession(suite.service, ["sh", "-c", 'trap "" TERM; echo; while :; do sleep 1; done']),
      await startSession(suite.service, obeying),
    ] as const;
    for (const id of ids) for await (const _ of await suite.service.attach(id)) break;
    const { stdout, stderr, code } = await runCommand(["stop", "-t", "0.2", ids[0], NONE, ids[1]]);
    assert.equal(stdout, `${ids[0]}: exit code 137, SIGKILL, stopped\n${ids[1]}: exit code 4, stopped\n`);
    assert.match(stderr, /^exec-sessions: There is no session f+; it may have been removed\.\n$/);
    assert.equal(code, 125);
    const again = await runCommand(["stop", "--json", ids[1]]);
    assert.deepEqual(JSON.parse(again.stdout), { id: ids[1], end: await suite.service.wait(ids[1]) });
    assert.equal(again.code, 0);
  });

  it("send the signal that is asked for, and SIGKILL otherwise", async () => {
    const script = 'trap "exit 5" USR1; echo; while :; do sleep 0.01; done';
    const [one, other] = [
      await startSession(suite.service, ["sh", "-c", script]),
      await startSession(suite.service, SLEEP),
    ];
    for await (const _ of await suite.service.attach(one)) break;
    const { stdout } = await runCommand(["kill", "--json", "-s", "usr1", one]);
    assert.deepEqual(JSON.parse(stdout), { id: one, signal: "SIGUSR1" });
    assert.equal((await runCommand(["kill", other])).stdout, `${other}\n`);
    const ends = [await suite.service.wait(one), await suite.service.wait(other)];
    assert.deepEqual(
      ends.map(({ exitCode }) => exitCode),
      [5, 137],
    );
    const { code, stderr } = await runCommand(["kill", one]);
    assert.deepEqual([code, /which is stopped/.test(stderr)], [125, true]);
  });

  it("delete what has ended, and what runs only by force", async () => {
    const ended = await startSession(suite.service, ["true"]);
    await suite.service.wait(ended);
    const running = await startSession(suite.service, SLEEP);
    const { stdout, stderr, code } = await runCommand(["rm", running, ended]);
    assert.deepEqual([stdout, code], [`${ended}\n`, 125]);
    assert.match(stderr, /stop it first, or remove it with force/);
    const forced = await runCommand(["rm", "-f", "--json", running]);
    assert.deepEqual([JSON.parse(forced.stdout), forced.code], [{ id: running }, 0]);
    assert.deepEqual(await suite.service.list(), []);
  });
});
