import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { runCommand } from "./command-line.ts";
import { CommandLineSuite } from "./command-line-suite.ts";

const VERBS = ["ls", "inspect", "logs", "attach", "exec", "stop", "kill", "rm", "events", "host"];

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
    ["ls --state-dir /proc/nonesuch", /^exec-sessions: The state directory \/proc\/nonesuch cannot be /],
  ];
  for (const [args, sentence] of mistakes) {
    it(`answers "${args}" with one sentence and exit code 125`, async () => {
      const { code, stdout, stderr } = await runCommand(args.split(" "));
      assert.match(stderr, sentence);
      assert.deepEqual([code, stdout], [125, ""]);
      assert.deepEqual(await suite.service.list(), []);
    });
  }

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
