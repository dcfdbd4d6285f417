import assert from "node:assert/strict";
import { parseStartLine } from "../../src/api/ready-line.ts";
import { HostWorld } from "../support/host-world.ts";
import { describeNeeding } from "../support/requirements.ts";
import { RunningCommandLine, runCommand } from "./command-line.ts";

describe("exec-sessions host", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  function host(...args: readonly string[]) {
    return ["host", "--state-dir", world.stateDir, ...args];
  }

  it("serves in the foreground, with its log on standard error, and exits with 0 when it is told to stop", async () => {
    const running = new RunningCommandLine(host("--idle-exit", "never", "--on-stop", "keep"));
    await running.says("\n");
    const ready = parseStartLine(running.stdout);
    assert.deepEqual(await world.clientOf(`${world.stateDir}/host.sock`).list(), []);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.result;
    assert.deepEqual([code, ready], [0, { ...ready, pid: running.child.pid }]);
    assert.match(stderr, / Serves .* never leaves for being idle, on a stop sessions are kept, /);
    assert.match(stderr, / SIGTERM: running sessions, which are kept .*: 0\.\n$/);
    assert.equal(stderr, world.log());
  });

  it("exits with 0 when it leaves by itself", async () => {
    const { code, stderr } = await runCommand(host("--idle-exit", "0.1"));
    assert.equal(code, 0);
    assert.match(stderr, /Leaves: no session runs/);
  });

  it("exits with 1 where another host has the state directory, and names that", async () => {
    const { pid } = await world.start();
    const { code, stdout, stderr } = await runCommand(host());
    const sentence = `The state directory ${world.stateDir} is in use by process ${pid}.`;
    assert.deepEqual([code, stderr], [1, `${sentence}\n`]);
    assert.deepEqual(JSON.parse(stdout), {
      message: sentence,
      code: "EXEC_STATE_DIR_IN_USE",
      details: { directory: world.stateDir, pid },
    });
  });

  it("exits with 125 for options that it does not take, before it touches anything", async () => {
    for (const [option, value] of [
      ["--idle-exit", "0"],
      ["--on-stop", "kill"],
      ["--orphans", "adopt"],
      ["--socket-user", "no-such-user"],
      ["--nonsense", ""],
    ] as const) {
      const { code, stdout, stderr } = await runCommand(host(option, value));
      assert.deepEqual([code, stdout, world.hosts()], [125, "", []], option);
      assert.match(stderr, /^exec-sessions: .*--help/s);
    }
  });
});

describeNeeding(["root"], "exec-sessions host as root", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it("takes the user of its socket by name or by number", async () => {
    for (const user of ["nobody", "65534"]) {
      const args = ["host", "--state-dir", world.stateDir, "--idle-exit", "0.1", "--socket-user", user];
      const { code, stderr } = await runCommand(args);
      assert.equal(code, 0);
      assert.match(stderr, / for its own user and user 65534,/);
    }
  });
});
