import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { execa } from "execa";
import { type ApiCall, matchPath } from "../../src/api/api-call.ts";
import { hostCalls } from "../../src/api/host-calls.ts";
import { createOpenApi } from "../../src/api/openapi.ts";
import { sessionCalls } from "../../src/api/session-calls.ts";
import { parseAddress } from "../../src/server/api-route.ts";
import { LOCAL, RealApi } from "../support/real-api.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

const CLIENT_TIMEOUT_S = "15";

const calls = Object.entries<ApiCall>({ ...hostCalls, ...sessionCalls });

describeNeeding(["curl"], "curl", () => {
  let real: RealApi;
  /** The names of the calls that have succeeded. */
  const made = new Set<string>();

  before(async () => {
    real = await RealApi.open();
  });

  after(async () => {
    await real.dispose();
  });

  async function curl(
    ...args: readonly string[]
  ): Promise<{ readonly status: number; readonly body: string }> {
    const { stdout } = await execa("curl", [...fixed(), "--write-out", "\n%{http_code}", ...args], {
      stripFinalNewline: false,
    });
    const at = stdout.lastIndexOf("\n");
    const status = Number(stdout.slice(at + 1));
    if (status < 300) made.add(nameOf(args));
    return { status, body: stdout.slice(0, at) };
  }
  const fixed = () => ["--silent", "--max-time", CLIENT_TIMEOUT_S, "--unix-socket", real.api.socketPath];
  const json = (value: unknown) => [
    "--header",
    "Content-Type: application/json",
    "--data",
    JSON.stringify(value),
  ];

  async function create(config: unknown): Promise<string> {
    const { body } = await curl(...json(config), "http://host/containers/local/exec");
    return JSON.parse(body).Id;
  }

  it("runs a command from create to remove in this package's own words", async () => {
    const id = await create({ command: ["cat"], attachStdin: true, labels: { from: "curl" } });
    assert.deepEqual(await curl(...json({ Detach: true }), `http://host/exec/${id}/start`), {
      status: 200,
      body: "",
    });
    const input = await curl("--data-binary", "hello\nthere", `http://host/exec/${id}/input?end=true`);
    assert.equal(input.status, 204);
    const end = await curl("--request", "POST", `http://host/exec/${id}/wait`);
    assert.equal(JSON.parse(end.body).exitCode, 0);
    const tail = await curl("--request", "POST", `http://host/exec/${id}/attach?offset=6`);
    assert.equal(tail.body.slice(8), "there");
    const filters = encodeURIComponent('{"labels":{"from":"curl"}}');
    const list = await curl(`http://host/exec/json?filters=${filters}`);
    assert.deepEqual(
      JSON.parse(list.body).map((row: { readonly id: string }) => row.id),
      [id],
    );
    assert.equal((await curl("--request", "POST", `http://host/exec/${id}/cleanup`)).status, 204);
    assert.equal((await curl(...json({ Force: false }), `http://host/libpod/exec/${id}/remove`)).status, 200);
    assert.equal((await curl(`http://host/exec/${id}/json`)).status, 404);
  });

  it("sees the host, its runtimes and its containers", async () => {
    assert.deepEqual(await curl("http://host/_ping"), { status: 200, body: "OK" });
    const version = JSON.parse((await curl("http://host/version")).body);
    assert.equal(version.Components[0].Details.Pid, String(process.pid));
    assert.equal((await curl(...json(LOCAL), "http://host/runtimes")).status, 204);
    assert.deepEqual(JSON.parse((await curl("http://host/runtimes")).body), [LOCAL]);
    const [listed] = JSON.parse((await curl("http://host/containers/json?all=true")).body);
    const inspected = JSON.parse((await curl("http://host/containers/local/json")).body);
    assert.deepEqual([listed.Id, inspected.Id, inspected.State.Running], ["local", "local", true]);
  });

  it("is told what the API is", async () => {
    const { status, body } = await curl("http://host/openapi.json");
    assert.deepEqual([status, JSON.parse(body)], [200, createOpenApi()]);
  });

  it("reads a terminal's output as it is", async () => {
    const id = await create({ Cmd: ["echo", "hello"], Tty: true, AttachStdout: true });
    const { body } = await curl(...json({ Detach: false, Tty: true }), `http://host/v1.41/exec/${id}/start`);
    assert.equal(body, "hello\r\n");
  });

  it("sets the size of a terminal, and inspects its session", async () => {
    const id = await create({ command: ["sleep", "1000"], tty: true });
    await curl(...json({ Detach: true }), `http://host/exec/${id}/start`);
    assert.equal((await curl("--request", "POST", `http://host/exec/${id}/resize?w=100&h=40`)).status, 200);
    const { state, Running } = JSON.parse((await curl(`http://host/exec/${id}/json`)).body);
    assert.deepEqual([state, Running], ["running", true]);
    assert.equal((await curl(...json({ Force: true }), `http://host/libpod/exec/${id}/remove`)).status, 200);
  });

  it("stops and kills, and removes all that a container has", async () => {
    const ids = [await create({ command: ["sleep", "1000"] }), await create({ command: ["sleep", "1000"] })];
    for (const id of ids) await curl(...json({ Detach: true }), `http://host/exec/${id}/start`);
    const stopped = await curl("--request", "POST", `http://host/exec/${ids[0]}/stop?t=5&signal=INT`);
    assert.deepEqual(JSON.parse(stopped.body).signal, "SIGINT");
    assert.equal((await curl("--request", "POST", `http://host/exec/${ids[1]}/kill`)).status, 204);
    const killed = await curl("--request", "POST", `http://host/exec/${ids[1]}/wait`);
    assert.equal(JSON.parse(killed.body).exitCode, 137);
    const report = await curl("--request", "DELETE", "http://host/containers/local/exec");
    assert.deepEqual(JSON.parse(report.body).failed, []);
    assert.deepEqual(await real.manager.list(), []);
  });

  it("follows the events line by line", async () => {
    const client = spawn("curl", [...fixed(), "--no-buffer", "http://host/events?since=0"]);
    let lines = "";
    client.stdout.on("data", (data: Buffer) => {
      lines += data;
    });
    const id = await create({ command: ["true"] });
    await curl("--request", "DELETE", "http://host/containers/local/exec");
    await waitUntil("the end of the life is told", () =>
      lines.includes(`"${id}","containerId":"local","type":"removed"`),
    );
    const types = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ sessionId }) => sessionId === id)
      .map(({ type }) => type);
    assert.deepEqual(types, ["created", "removed"]);
    client.kill();
    await once(client, "close");
    made.add("readEvents");
  });

  it("is told what it did wrong", async () => {
    const refusals = await Promise.all([
      curl("http://host/no/such/call"),
      curl("--request", "PUT", "http://host/exec/json"),
      curl("--data", "{}", "http://host/containers/local/exec"),
      curl(...json({ command: "ls" }), "http://host/containers/local/exec"),
      curl("--header", "Content-Type: application/json", "--data", "{", "http://host/containers/local/exec"),
      curl("http://host/exec/json?filter=x"),
      curl("http://host/events?since=x"),
      curl("--request", "POST", "http://host/calls"),
    ]);
    assert.deepEqual(
      refusals.map(({ status, body }) => [status, JSON.parse(body).code]),
      [
        [404, "EXEC_CALL_NOT_FOUND"],
        [405, "EXEC_METHOD_NOT_ALLOWED"],
        [415, "EXEC_UNSUPPORTED_MEDIA_TYPE"],
        [400, "EXEC_INVALID_CONFIG"],
        [400, "EXEC_BAD_REQUEST"],
        [400, "EXEC_INVALID_ARGUMENT"],
        [400, "EXEC_INVALID_ARGUMENT"],
        [400, "EXEC_BAD_REQUEST"],
      ],
    );
  });

  it("has made every call that there is, but for the one that only leaves HTTP", () => {
    const inHttp = calls.filter(([, { status }]) => status !== 101);
    assert.deepEqual([...made].sort(), inHttp.map(([name]) => name).sort());
  });
});

/** The name of the call that a command line makes. */
function nameOf(args: readonly string[]): string {
  const { path } = parseAddress(new URL(args.at(-1) ?? "").pathname);
  const method = args.includes("--request")
    ? args[args.indexOf("--request") + 1]
    : args.some((arg) => arg.startsWith("--data"))
      ? "POST"
      : "GET";
  const found = calls.find(([, call]) => call.method === method && matchPath(call, path) !== undefined);
  assert.ok(found, `${method} ${path} is a call`);
  return found[0];
}
