import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { finished } from "node:stream/promises";
import Docker from "dockerode";
import { RealApi } from "../support/real-api.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("dockerode", () => {
  let real: RealApi;
  let docker: Docker;

  before(async () => {
    real = await RealApi.open();
    docker = new Docker({ socketPath: real.api.socketPath });
  });

  after(async () => {
    await real.dispose();
  });

  const shell = (script: string, options: Docker.ExecCreateOptions = {}) =>
    docker.getContainer("local").exec({
      Cmd: ["sh", "-c", script],
      AttachStdout: true,
      AttachStderr: true,
      ...options,
    });

  for (const hijack of [true, false]) {
    const how = hijack ? "over an upgraded connection" : "in an ordinary answer";

    it(`reads both streams apart ${how}, and then the exit code`, async () => {
      const exec = await shell("echo out; echo err >&2; exit 7");
      const stream = await exec.start({ hijack, stdin: false });
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      docker.modem.demuxStream(stream, stdout, stderr);
      await finished(stream, { writable: false });
      stdout.end();
      stderr.end();
      assert.deepEqual([await textOf(stdout), await textOf(stderr)], ["out\n", "err\n"]);
      const { ExitCode, Running, ProcessConfig } = (await exec.inspect()) as Docker.ExecInspectInfo;
      assert.deepEqual([ExitCode, Running, ProcessConfig.entrypoint], [7, false, "sh"]);
    });
  }

  it("ends standard input without ending output", async () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 3_000_001]) {
      const exec = await shell("sha256sum; echo after the input", { AttachStdin: true });
      const stream = await exec.start({ hijack: true, stdin: true });
      const stdout = new PassThrough();
      docker.modem.demuxStream(stream, stdout, new PassThrough());
      const bytes = randomBytes(size);
      stream.end(bytes);
      await finished(stream, { writable: false });
      stdout.end();
      const expected = createHash("sha256").update(bytes).digest("hex");
      assert.equal(await textOf(stdout), `${expected}  -\nafter the input\n`, `${size} bytes`);
    }
  });

  it("types into a terminal, sets its size, and reads what it shows", async () => {
    const exec = await shell("cat", { Tty: true, AttachStdin: true, Cmd: ["sh"] });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
    let screen = "";
    stream.on("data", (data: Buffer) => {
      screen += data;
    });
    await exec.resize({ h: 33, w: 111 });
    stream.write("stty size\r");
    await waitUntil("the size is there", () => screen.includes("33 111"));
    stream.write("exit 4\r");
    await once(stream, "end");
    assert.equal((await exec.inspect()).ExitCode, 4);
  });

  it("ends a shell in a terminal by ending standard input", async () => {
    const exec = await shell("", { Tty: true, AttachStdin: true, Cmd: ["sh"] });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
    stream.end("echo $((6 * 7))\r");
    assert.match(await textOf(stream), /42/);
    assert.equal((await exec.inspect()).ExitCode, 0);
  });

  it("starts detached, and inspects what runs", async () => {
    const exec = await shell("sleep 1000");
    await exec.start({ Detach: true });
    const { Running, ExitCode, Pid } = await exec.inspect();
    assert.deepEqual([Running, ExitCode, Pid > 0], [true, null, true]);
  });

  it("takes environment, user and working directory", async () => {
    const exec = await shell('echo "$A"; id -u; pwd', { Env: ["A=b=c"], User: "0", WorkingDir: "/tmp" });
    const stream = await exec.start({});
    const stdout = new PassThrough();
    docker.modem.demuxStream(stream, stdout, new PassThrough());
    await finished(stream, { writable: false });
    stdout.end();
    assert.equal(await textOf(stdout), "b=c\n0\n/tmp\n");
  });

  it("meets the statuses that Docker has for what is not there or not possible", async () => {
    const exec = await shell("true");
    await exec.start({ Detach: true });
    const calls = [
      docker.getContainer("absent").inspect(),
      docker.getContainer("absent").exec({ Cmd: ["true"] }),
      docker.getExec("0123456789abcdef".repeat(4)).inspect(),
      exec.start({ Detach: true }),
      docker.getContainer("local").exec({ Cmd: [] }),
      docker.getContainer("local").exec({ Cmd: ["true"], User: "no-such-user-here" }),
    ];
    const statuses = await Promise.all(
      calls.map((call) =>
        call.then(
          () => 200,
          (error) => error.statusCode,
        ),
      ),
    );
    assert.deepEqual(statuses, [404, 404, 404, 409, 400, 400]);
  });

  it("knows the container, the version and that the host is there", async () => {
    assert.equal((await docker.getContainer("local").inspect()).State.Running, true);
    assert.equal((await docker.version()).Version, "1.2.3");
    assert.equal(String(await docker.ping()), "OK");
    assert.deepEqual(
      (await docker.listContainers()).map(({ Names }) => Names),
      [["/local"]],
    );
  });
});

async function textOf(stream: NodeJS.ReadableStream | Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
