import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectedHost } from "../../src/client/connect-session-host.ts";
import { HostWorld } from "../support/host-world.ts";
import { waitUntil } from "../support/wait-until.ts";
import { commandLine, RunningCommandLine, runCommand } from "./command-line.ts";

const MIB = 1024 * 1024;
const FULL = "exec-sessions: What goes to stdout cannot be written: ENOSPC: no space left on device, write\n";
const ID = /^[0-9a-f]{64}\n$/;

describe("exec-sessions exec", () => {
  let world: HostWorld;
  let host: ConnectedHost;

  // One host for all: each command line is a process already.
  before(async () => {
    world = new HostWorld();
    process.env.EXEC_SESSIONS_STATE_DIR = world.stateDir;
    host = await world.connect();
  });

  after(async () => {
    delete process.env.EXEC_SESSIONS_STATE_DIR;
    await world.dispose();
  });

  afterEach(async () => {
    for (const { id } of await host.service.list()) await host.service.remove(id, { force: true });
  });

  it("passes on output, errors and the exit code, and leaves no session", async () => {
    assert.deepEqual(await runCommand(["exec", "local", "sh", "-c", "echo out; echo err >&2; exit 3"]), {
      code: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
    assert.deepEqual(await host.service.list(), []);
  });

  const codes: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ["0 of a command that does well", ["local", "true"], 0, /^$/],
    ["137 of a command that SIGKILL ends", ["local", "sh", "-c", "kill -9 $$"], 137, /^$/],
    [
      "127 for a command that is not there",
      ["local", "no-such-program"],
      127,
      /could not start "no-such-program"/,
    ],
    ["126 for a command that may not be run", ["local", "/etc/passwd"], 126, /permission denied/],
    ["125 for an unknown user", ["-u", "no-such-user", "local", "true"], 125, /no-such-user/],
    ["125 for a missing working directory", ["-w", "/no/such", "local", "true"], 125, /"\/no\/such"/],
    ["125 for a container that no runtime has", ["no-such-container", "true"], 125, /None of the runtimes/],
    [
      "125 for one that the named runtime has not",
      ["--runtime", "local", "web", "true"],
      125,
      /only the container "local"/,
    ],
    ["125 without a command", ["local"], 125, /missing required argument 'command'/],
    ["125 for an unknown option", ["--frob", "local", "true"], 125, /unknown option '--frob'/],
  ];
  for (const [title, args, code, stderr] of codes) {
    it(`has the exit code ${title}`, async () => {
      const result = await runCommand(["exec", ...args]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, stderr);
      assert.deepEqual(await host.service.list(), []);
    });
  }

  it("leaves the command its own options, with and without a separator", async () => {
    for (const separator of [[], ["--"]]) {
      const { stdout } = await runCommand(["exec", "local", ...separator, "echo", "-i", "--json", "-t"]);
      assert.equal(stdout, "-i --json -t\n");
    }
  });

  it("passes on bytes as they are, both ways", async () => {
    const data = randomBytes(10 * MIB);
    const command = new RunningCommandLine(["exec", "-i", "local", "cat"], data);
    assert.equal((await command.result).code, 0);
    assert.equal(hash(command.output), hash(data));
  });

  it("gives the command an empty standard input unless told otherwise", async () => {
    assert.deepEqual(await runCommand(["exec", "local", "cat"], "not for it"), {
      code: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("does not mind a command that ends before it has read its input", async () => {
    const { code } = await runCommand(["exec", "-i", "local", "sh", "-c", "exit 4"], randomBytes(MIB));
    assert.equal(code, 4);
  });

  it("takes variables, a user and a working directory as Docker and Podman do", async () => {
    process.env.FROM_HERE = "taken over";
    const { stdout } = await runCommand([
      ..."exec -e A=1 -e B=2=3 -e FROM_HERE -e NOT_THERE --env A=4 -u 65534 -w /tmp local".split(" "),
      ...["sh", "-c", 'echo "$A/$B/$FROM_HERE/$NOT_THERE"; id -u; pwd'],
    ]);
    delete process.env.FROM_HERE;
    assert.equal(stdout, "4/2=3/taken over/\n65534\n/tmp\n");
  });

  it("stops a command that runs longer than it may", async () => {
    const { code } = await runCommand(["exec", "--timeout", "0.2", "local", "sleep", "1000"]);
    assert.equal(code, 143);
  });

  it("leaves a detached session behind, and says its id", async () => {
    const { code, stdout } = await runCommand([
      "exec",
      "-d",
      "--label",
      "job=dump",
      "local",
      "sh",
      "-c",
      "exit 6",
    ]);
    assert.equal(code, 0);
    assert.match(stdout, ID);
    assert.equal((await host.service.wait(stdout.trim())).exitCode, 6);
    assert.deepEqual((await host.service.inspect(stdout.trim())).labels, { job: "dump" });
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
    it(`sends ${signal} on to the command`, async () => {
      const script = `trap "echo got it; exit 9" ${signal.slice(3)}; echo ready; while :; do sleep 0.01; done`;
      const command = new RunningCommandLine(["exec", "local", "sh", "-c", script]);
      await command.says("ready");
      command.child.kill(signal);
      const { code, stdout } = await command.result;
      assert.deepEqual([code, stdout], [9, "ready\ngot it\n"]);
    });
  }

  it("ends a command whose output nobody reads any more, as a pipe does", async () => {
    const command = new RunningCommandLine(["exec", "local", "yes"]);
    await command.says("y\n");
    command.child.stdout?.destroy();
    assert.equal((await command.result).code, 141);
    assert.deepEqual(await host.service.list(), []);
  });

  it("does so with standard error, too", async () => {
    const command = new RunningCommandLine(["exec", "local", "sh", "-c", "echo ready; exec yes >&2"]);
    await command.says("ready");
    command.child.stderr?.destroy();
    assert.equal((await command.result).code, 141);
    assert.deepEqual(await host.service.list(), []);
  });

  it("fails, and says so, where its output cannot be written", async () => {
    const script = 'exec "$@" >/dev/full';
    for (const args of [["exec", "local", "echo", "hi"], ["ls"]]) {
      const command = spawnSync("sh", ["-c", script, "sh", ...commandLine(args)], { encoding: "utf8" });
      assert.deepEqual([command.status, command.stderr], [125, FULL]);
    }
    assert.deepEqual(await host.service.list(), []);
  });

  it("makes the command wait for a slow reader, and drops nothing", async function () {
    this.timeout(60_000);
    const bytes = 100 * MIB;
    const command = new RunningCommandLine(["exec", "local", "head", "-c", String(bytes), "/dev/zero"]);
    let read = 0;
    for await (const chunk of command.child.stdout ?? []) read += chunk.length;
    assert.deepEqual([read, (await command.result).code], [bytes, 0]);
  });

  it("writes JSON lines for programs", async () => {
    const { code, stdout } = await runCommand(["exec", "--json", "local", "sh", "-c", "printf hi; exit 2"]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(code, 2);
    assert.deepEqual(lines[0], {
      kind: "data",
      stream: "stdout",
      offset: 0,
      data: Buffer.from("hi").toString("base64"),
    });
    assert.deepEqual([lines.length, lines[1].kind, lines[1].end.exitCode], [2, "ended", 2]);
  });

  it("writes its errors as JSON for programs", async () => {
    const { code, stderr } = await runCommand(["exec", "--json", "local", "no-such-program"]);
    assert.equal(code, 127);
    const error = JSON.parse(stderr);
    assert.deepEqual([error.code, error.details.startError.kind], ["EXEC_START_FAILED", "notFound"]);
  });

  it("has the command's exit code also when the session is removed meanwhile", async () => {
    const command = new RunningCommandLine(["exec", "local", "sh", "-c", "echo ready; exec sleep 1000"]);
    await command.says("ready");
    const [session] = await host.service.list();
    await host.service.remove(session?.id ?? "", { force: true });
    const { code, stderr } = await command.result;
    assert.equal(code, 143, stderr);
  });

  it("leaves a session that can be attached again when it is killed itself", async () => {
    const flag = join(world.folder, "go");
    const script = `echo one; until [ -e ${flag} ]; do sleep 0.01; done; echo two; exit 8`;
    const command = new RunningCommandLine(["exec", "local", "sh", "-c", script]);
    await command.says("one");
    command.child.kill("SIGKILL");
    await command.result;
    const [session] = await host.service.list();
    writeFileSync(flag, "");
    const { code, stdout } = await runCommand(["attach", session?.id ?? ""]);
    assert.deepEqual([code, stdout.endsWith("two\n")], [8, true]);
  });

  it("fails clearly when the host is killed meanwhile", async () => {
    const command = new RunningCommandLine(["exec", "local", "sh", "-c", "echo ready; exec sleep 1000"]);
    await command.says("ready");
    process.kill(world.hosts()[0] ?? 0, "SIGKILL");
    const { code, stderr } = await command.result;
    assert.equal(code, 125);
    assert.match(stderr, /^exec-sessions: The connection to the session host at .* broke/);
    assert.equal(existsSync(join(world.stateDir, "host.sock")), true);
    await waitUntil("the host has ended", () => world.hosts().length === 0);
  });
});

function hash(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
