import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command-line.ts";
import { CommandLineSuite } from "./command-line-suite.ts";

const VERBS = ["ls", "inspect", "logs", "attach", "exec", "wait", "stop", "kill", "rm", "events", "host"];

describe("the command line exec-sessions", () => {
  const suite = new CommandLineSuite();

  const mistakes: readonly [args: string, sentence: RegExp][] = [
    ["foo", /^exec-sessions: unknown command 'foo'\nTry "exec-sessions --help"\.\n$/],
    ["ls --foo", /^exec-sessions: unknown option '--foo'\nTry "exec-sessions ls --help"\.\n$/],
    ["ls foo", /^exec-sessions: too many arguments for 'ls'\. /],
    ["ls --state foo", /'foo' is invalid\. Allowed choices are created, running, stopped\./],
    ["ls --label foo", /'foo' is invalid\. It must be NAME=VALUE\./],
    ["inspect", /missing required argument 'id'/],
    ["logs", /missing required argument 'id'/],
    ["attach", /missing required argument 'id'/],
    ["wait", /missing required argument 'id'/],
    ["stop", /missing required argument 'id'/],
    ["stop -t soon abc", /'soon' is invalid\. It must be a number of seconds from 0\./],
    ["kill", /missing required argument 'id'/],
    ["kill -s FOO abc", /^exec-sessions: "signal" must be a signal's name .*; got "FOO"\.\n$/],
    ["rm", /missing required argument 'id'/],
    ["exec", /missing required argument 'container'/],
    ["exec local", /missing required argument 'command'/],
    ["exec local --", /^exec-sessions: There is no command after "--"\.\n$/],
    ["exec --timeout -1 local true", /It must be a number of seconds from 0\./],
    ["exec --runtime foo local true", /Allowed choices are crun, runc, local\./],
    ["exec --runtime-path /bin/crun web true", /^exec-sessions: --runtime-path and .* without --runtime: /],
    ["exec --runtime-root /run/crun local true", /^exec-sessions: --runtime-path and .* without --runtime: /],
    [
      "exec --detach-keys foo -t local true",
      /^exec-sessions: "detachKeys" must be empty, or .*; got "foo"\.\n$/,
    ],
    ["events --since yesterday", /It must be a whole number from 0\./],
    ["host --idle-exit soon", /It must be a number of seconds above 0, or never\./],
    ["host --on-stop foo", /Allowed choices are stop, keep\./],
    ["logs nonsense", /^exec-sessions: A session id must be 1 to 64 .*; got "nonsense"\.\n$/],
    ["ls --socket /nonesuch", /^exec-sessions: The session host at \/nonesuch cannot be reached: /],
    ["ls --state-dir=", /'--state-dir <folder>' argument '' is invalid\. It must be the path of a folder\./],
    [
      "exec --state-dir /proc/nonesuch local true",
      /^exec-sessions: The state directory \/proc\/nonesuch cannot be /,
    ],
  ];
  for (const [args, sentence] of mistakes) {
    it(`answers "${args}" with one sentence and exit code 125`, async () => {
      const { code, stdout, stderr } = await runCommand(args.split(" "));
      assert.match(stderr, sentence);
      assert.deepEqual([code, stdout], [125, ""]);
      assert.deepEqual(await suite.service.list(), []);
    });
  }

  for (const verb of [
    "ls",
    "inspect a",
    "logs a",
    "attach a",
    "wait a",
    "stop a",
    "kill a",
    "rm a",
    "events",
  ]) {
    it(`makes no state directory for "${verb}", and says that there is none`, async () => {
      const typo = join(suite.world.folder, "typo");
      const directory = join(typo, "nested");
      const message = `No sessions are kept in ${directory}: there is no such folder.`;
      const args = [...verb.split(" "), "--state-dir", directory];
      const expected = { code: 125, stdout: "", stderr: `exec-sessions: ${message}\n` };
      assert.deepEqual(await runCommand(args), expected);
      const { stderr } = await runCommand([...args, "--json"]);
      const details = { directory, errno: "ENOENT" };
      assert.deepEqual(JSON.parse(stderr), { message, code: "EXEC_STATE_DIR_UNUSABLE", details });
      assert.equal(existsSync(typo), false);
    });
  }

  it("makes the state directory of a new session, and whatever is missing on the way to it", async () => {
    const directory = join(suite.world.folder, "new", "nested");
    const args = ["exec", "--state-dir", directory, "local", "echo", "there"];
    assert.deepEqual(await runCommand(args), { code: 0, stdout: "there\n", stderr: "" });
    assert.equal(existsSync(directory), true);
  });

  it("explains itself and every verb", async function () {
    // A process each.
    this.timeout(60_000);
    const { code, stdout } = await runCommand(["--help"]);
    assert.equal(code, 0);
    for (const verb of VERBS) {
      assert.match(stdout, new RegExp(`^  ${verb} `, "m"));
      const help = await runCommand([verb, "--help"]);
      assert.deepEqual([help.code, help.stderr], [0, ""]);
      assert.match(help.stdout, new RegExp(`^Usage: exec-sessions ${verb} `));
      if (verb !== "host") assert.match(help.stdout, /--json /);
    }
  });

  it("tells its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await runCommand(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("explains itself where nothing is said, which is a mistake", async () => {
    const { code, stdout, stderr } = await runCommand([]);
    assert.deepEqual([code, stdout, stderr.startsWith("Usage: exec-sessions ")], [125, "", true]);
  });
});
