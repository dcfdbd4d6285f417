import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectedHost } from "../../src/client/connect-session-host.ts";
import { HostWorld } from "../support/host-world.ts";
import { commandLine, runCommand, TerminalCommandLine } from "./command-line.ts";

const CTRL_C = "\x03";
const CTRL_P = "\x10";
const CTRL_Q = "\x11";
const MIB = 1024 * 1024;

describe("exec-sessions in a terminal", () => {
  let world: HostWorld;
  let host: ConnectedHost;
  let open: TerminalCommandLine[];

  before(async () => {
    world = new HostWorld();
    process.env.EXEC_SESSIONS_STATE_DIR = world.stateDir;
    host = await world.connect();
  });

  after(async () => {
    delete process.env.EXEC_SESSIONS_STATE_DIR;
    await world.dispose();
  });

  beforeEach(() => {
    open = [];
  });

  afterEach(async () => {
    for (const { id } of await host.service.list()) await host.service.remove(id, { force: true });
    await Promise.all(open.map(({ ended }) => ended));
  });

  function run(args: readonly string[], size?: { readonly cols: number; readonly rows: number }) {
    const command = new TerminalCommandLine(args, size);
    open.push(command);
    return command;
  }

  it("gives the command a terminal of the user's size, and passes on its exit code", async () => {
    const command = run(["exec", "-it", "local", "sh", "-c", "tty; stty size; exit 7"], {
      cols: 101,
      rows: 33,
    });
    assert.equal(await command.ended, 7);
    assert.match(command.screen, /^\/dev\/pts\/\d+\r\n33 101\r\n$/);
  });

  it("passes on every key, also those that would mean something here", async () => {
    const script = "stty raw -echo; echo ready; head -c 5 | od -An -tx1";
    const command = run(["exec", "-it", "local", "sh", "-c", script]);
    await command.shows("ready");
    command.type(`${CTRL_C}\x1a\x1cä`);
    await command.shows("03 1a 1c c3 a4");
    assert.equal(await command.ended, 0);
  });

  it("passes on the terminal's size whenever it changes", async () => {
    const script = 'trap "stty size" WINCH; echo ready; while :; do sleep 0.01; done';
    const command = run(["exec", "-it", "local", "sh", "-c", script]);
    await command.shows("ready");
    command.pty.resize(90, 30);
    await command.shows("30 90");
    command.pty.resize(91, 31);
    await command.shows("31 91");
  });

  it("leaves the session running when the detach keys are typed, and can join it again", async () => {
    const command = run([
      "exec",
      "-it",
      "local",
      "sh",
      "-c",
      "echo ready; read line; echo got $line; exit 5",
    ]);
    await command.shows("ready");
    command.type(CTRL_P);
    command.type(CTRL_Q);
    assert.equal(await command.ended, 0);
    assert.match(command.screen, /Detached; session [0-9a-f]{12} goes on\./);
    const [session] = await host.service.list();
    assert.equal(session?.state, "running");
    const again = run(["attach", session?.id ?? ""]);
    again.type("hello\r");
    await again.shows("got hello");
    assert.equal(await again.ended, 5);
  });

  it("takes other detach keys, and none", async () => {
    const own = run(["exec", "-it", "--detach-keys", "ctrl-x,q", "local", "sh", "-c", "echo ready; cat"]);
    await own.shows("ready");
    own.type("\x18q");
    assert.equal(await own.ended, 0);
    const script = "stty raw -echo; echo ready; head -c 2 | od -An -tx1";
    const none = run(["exec", "-it", "--detach-keys", "", "local", "sh", "-c", script]);
    await none.shows("ready");
    none.type(CTRL_P + CTRL_Q);
    await none.shows("10 11");
    assert.equal(await none.ended, 0);
  });

  it("lets a session that it has left write as much as it likes", async () => {
    const flag = join(world.folder, "go");
    const script = `echo ready; until [ -e ${flag} ]; do sleep 0.01; done; head -c ${80 * MIB} /dev/zero; exit 6`;
    const command = run(["exec", "-it", "local", "sh", "-c", script]);
    await command.shows("ready");
    command.type(CTRL_P + CTRL_Q);
    assert.equal(await command.ended, 0);
    writeFileSync(flag, "");
    const [session] = await host.service.list();
    // Were it still waited for, it would stop at what a log may hold.
    assert.equal((await host.service.wait(session?.id ?? "")).exitCode, 6);
  });

  it("passes on what moves the cursor as it is", async () => {
    const script = "stty -onlcr; printf 'a\\nb\\r\\nc'";
    const command = run(["exec", "-it", "local", "sh", "-c", script]);
    assert.equal(await command.ended, 0);
    assert.equal(command.screen, "a\nb\r\nc");
  });

  it("gives the user's terminal back as it was", async () => {
    const inner = commandLine(["exec", "-it", "local", "true"])
      .map((word) => `'${word}'`)
      .join(" ");
    const shell = new TerminalCommandLine(["-c", `stty -g; ${inner}; stty -g`], undefined, "/bin/sh");
    open.push(shell);
    assert.equal(await shell.ended, 0);
    const [before, after] = shell.screen.trim().split("\r\n");
    assert.match(before ?? "", /^[0-9a-f:]+$/);
    assert.equal(after, before);
  });

  it("gives a terminal also to a command whose input is none", async () => {
    const { code, stdout } = await runCommand(["exec", "-t", "local", "sh", "-c", "tty; echo err >&2"]);
    assert.equal(code, 0);
    assert.match(stdout, /^\/dev\/pts\/\d+\r\nerr\r\n$/);
  });
});
