import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { RealApi } from "../support/real-api.ts";
import { describeNeeding } from "../support/requirements.ts";

const CLIENT_TIMEOUT_MS = 15_000;

describeNeeding(["podman"], "podman --remote", () => {
  let real: RealApi;
  let home: string;

  before(async () => {
    real = await RealApi.open();
    home = await mkdtemp(join(tmpdir(), "podman-"));
  });

  after(async () => {
    await real.dispose();
    await rm(home, { recursive: true });
  });

  const podman = (options: readonly string[], command: readonly string[], input: Uint8Array | string = "") =>
    execa(
      "podman",
      ["--remote", "--url", `unix://${real.api.socketPath}`, "exec", ...options, "local", ...command],
      {
        env: { HOME: home, XDG_CONFIG_HOME: home },
        input,
        reject: false,
        timeout: CLIENT_TIMEOUT_MS,
        stripFinalNewline: false,
      },
    );

  it("gives output, errors and the exit code each where they belong", async () => {
    const { stdout, stderr, exitCode } = await podman([], ["sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert.deepEqual({ stdout, stderr, exitCode }, { stdout: "out\n", stderr: "err\n", exitCode: 7 });
  });

  it("takes environment, user and working directory", async () => {
    const command = ["sh", "-c", 'echo "$A"; id -u; pwd'];
    const { stdout } = await podman(["-e", "A=b c", "-u", "0", "-w", "/tmp"], command);
    assert.equal(stdout, "b c\n0\n/tmp\n");
  });

  it("exits with 126 and 127 for what cannot be run, and says why", async () => {
    const [denied, absent] = await Promise.all([
      podman([], ["/etc/passwd"]),
      podman([], ["no-such-command"]),
    ]);
    assert.deepEqual([denied.exitCode, absent.exitCode], [126, 127]);
    assert.match(absent.stderr, /could not start "no-such-command"/);
  });

  it("feeds standard input to its end, byte for byte", async () => {
    for (const size of [0, 1, 65_537, 3_000_001]) {
      const bytes = randomBytes(size);
      const { stdout } = await podman(["-i"], ["sha256sum"], bytes);
      assert.equal(stdout.slice(0, 64), createHash("sha256").update(bytes).digest("hex"), `${size} bytes`);
    }
  });

  it("has a terminal, and leaves a detached command running", async () => {
    const { stdout, exitCode } = await podman(["-t"], ["sh", "-c", "test -t 1 && echo terminal; exit 3"]);
    assert.deepEqual([stdout, exitCode], ["terminal\r\n", 3]);
    const detached = await podman(["-d"], ["sleep", "1000"]);
    assert.equal((await real.manager.inspect(detached.stdout.trim())).Running, true);
  });
});
