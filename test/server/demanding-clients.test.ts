import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ATTACH_PROTOCOL, HOST_FRAMES, OUTPUT_WINDOW_BYTES } from "../../src/api/attach-protocol.ts";
import { FrameParser, frameHeader } from "../../src/api/frame.ts";
import { DEFAULT_LIMITS } from "../../src/server/server-limits.ts";
import { ApiWorld } from "../support/api-world.ts";
import { httpRequest, RawClient, refusalIn } from "../support/raw-client.ts";
import { LOCAL, RealApi } from "../support/real-api.ts";
import { waitUntil } from "../support/wait-until.ts";

const KIB = 1024;
const MIB = 1024 * 1024;
/** What a command writes again and again: the bytes at an offset are known. */
const LINE = "0123456789abcde\n";
/** Much more than is kept of a session's output. */
const MUCH_OUTPUT = 400 * MIB;
/** What the host may grow by while a client does not read. */
const MAX_GROWTH = 64 * MIB;

/** Of two events each: more than the host keeps, and than fits into a connection. */
const MANY_SESSIONS = 5000;

const CLOSE = { Connection: "close" };
const target = { runtime: LOCAL, container: "local" };

describe("the connections of an API server", () => {
  it("are limited: one too many is told so, and the next is welcome once there is room", async () => {
    const counts: number[] = [];
    const world = await ApiWorld.open(["c1"], {
      limits: { maxConnections: 8 },
      onConnections: (count) => counts.push(count),
    });
    const { socketPath, server } = world.api;
    const clients = await openClients(socketPath, 8);
    await waitUntil("all are connected", () => server.connectionCount === 8);
    const refused = await RawClient.ask(socketPath, httpRequest("GET", "/version"));
    assert.deepEqual(refusalIn(refused), [503, "EXEC_HOST_BUSY"]);
    const upgrade = { Connection: "Upgrade", Upgrade: ATTACH_PROTOCOL };
    const attach = await RawClient.ask(
      socketPath,
      httpRequest("POST", "/exec/01/attach", { headers: upgrade }),
    );
    assert.deepEqual(refusalIn(attach), [503, "EXEC_HOST_BUSY"]);
    clients[0]?.close();
    await waitUntil("there is room", () => server.connectionCount === 7);
    assert.match(
      await RawClient.ask(socketPath, httpRequest("GET", "/version", { headers: CLOSE })),
      /^HTTP\/1\.1 200/,
    );
    for (const client of clients) client.close();
    await waitUntil("all have left", () => server.connectionCount === 0);
    assert.equal(Math.max(...counts), 9);
    assert.equal(counts.at(-1), 0);
    await world.dispose();
  });

  it("do not grow with a flood of them, nor does the memory, and who was there before goes on", async function () {
    this.timeout(60_000);
    const world = await ApiWorld.open(["c1"]);
    const { client, socketPath, server } = world.api;
    const events = client.events({ since: 0 })[Symbol.asyncIterator]();
    const { id } = await client.create(world.world.target("c1"), { command: ["runs"] });
    const before = settledMemory();
    const flood = await openClients(socketPath, 4000);
    await waitUntil("the others are sent away", () => flood.filter(isSentAway).length > 1600);
    assert.ok(server.connectionCount <= DEFAULT_LIMITS.maxConnections + 300, String(server.connectionCount));
    assert.equal((await events.next()).value?.sessionId, id);
    // Both ends of every connection are in this process.
    assert.ok(settledMemory() - before < 4 * MAX_GROWTH);
    for (const each of flood) each.close();
    await waitUntil("all have left", () => server.connectionCount <= 2);
    await events.return?.();
    await client.remove(id);
    await world.dispose();
  });

  it("carry one call at a time, so that no answers pile up", async () => {
    const world = await ApiWorld.open(["c1"]);
    const client = await RawClient.open(world.api.socketPath);
    client.send(httpRequest("GET", "/exec/json").repeat(1000));
    await client.whenEnded();
    assert.ok(client.text.split("HTTP/1.1 200").length <= 2);
    client.close();
    await world.dispose();
  });
});

describe("an answer", () => {
  it("that nobody takes is not kept", async () => {
    const world = await ApiWorld.open(["c1"], { limits: { sendTimeoutMs: 100 } });
    for (let count = 0; count < 200; count++) {
      await world.client.create(world.world.target("c1"), { command: ["runs", "x".repeat(10_000)] });
    }
    const client = await RawClient.open(world.api.socketPath);
    client.socket.pause();
    client.send(httpRequest("GET", "/exec/json"));
    await waitUntil("the answer is on its way", () => world.api.server.connectionCount >= 1);
    await world.client.list();
    await waitUntil("it is given up", () => {
      client.socket.resume();
      client.socket.pause();
      return world.api.server.connectionCount <= 1;
    });
    client.close();
    await world.dispose();
  });
});

describe("a reader of events", () => {
  it("that is slow, or does not read at all, is waited for and leaves nothing behind", async function () {
    this.timeout(60_000);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const world = await ApiWorld.open(["c1"]);
    try {
      const [slow, silent] = await openClients(world.api.socketPath, 2);
      assert.ok(slow !== undefined && silent !== undefined);
      for (const client of [slow, silent]) {
        client.send(httpRequest("GET", "/events?since=0"));
        await waitUntil("it is answered", () => client.text.includes("ndjson"));
        client.socket.pause();
      }
      const before = settledMemory();
      let last = "";
      for (let count = 0; count < MANY_SESSIONS; count++) {
        last = (await world.world.manager.create(world.world.target("c1"), { command: ["runs"] })).id;
        await world.world.manager.remove(last);
      }
      await waitUntil("the slow one has read the last event", async () => {
        slow.socket.resume();
        await new Promise(setImmediate);
        slow.socket.pause();
        return slow.text.slice(-1000).includes(`"${last}","containerId":"c1","type":"removed"`);
      });
      assert.ok(settledMemory() - before < MAX_GROWTH);
      for (const client of [slow, silent]) client.close();
      await waitUntil("all have left", () => world.api.server.connectionCount === 0);
      assert.deepEqual(warnings, []);
    } finally {
      process.off("warning", onWarning);
      await world.dispose();
    }
  });
});

describe("a client that does not read", () => {
  let real: RealApi;

  before(async () => {
    real = await RealApi.open();
  });

  after(async () => {
    await real.dispose();
  });

  it("what it was lent of the output stays as it is, though the log drops it meanwhile", async () => {
    const output = { maxBytes: 64 * KIB, replayBytes: 0, policy: "dropOldest" } as const;
    const { id } = await real.manager.create(target, { command: ["yes", LINE.slice(0, -1)], output });
    const client = await RawClient.open(real.api.socketPath);
    const upgrade = { Connection: "Upgrade", Upgrade: ATTACH_PROTOCOL };
    client.send(httpRequest("POST", `/exec/${id}/start`, { headers: upgrade }));
    await waitUntil("it is attached", () => client.text.includes("\r\n\r\n"));
    client.socket.pause();
    const credit = Buffer.from(JSON.stringify({ kind: "read", bytes: OUTPUT_WINDOW_BYTES }));
    client.send(Buffer.concat([frameHeader("control", credit.length), credit]));
    await waitUntil("much has been dropped", async () => {
      return (await real.manager.inspect(id)).output.firstOffset > 64 * MIB;
    });
    client.socket.resume();
    await real.manager.stop(id, { timeout: 0 });
    await client.whenEnded();
    assert.ok(countKnownLines(client.bytes) > 200 * KIB);
    client.close();
  });

  const floods = { command: ["head", "-c", String(MUCH_OUTPUT), "/dev/zero"] };

  it("its own attachment costs the host no memory, and the command nothing", async () => {
    const { id } = await real.manager.create(target, floods);
    const stalled = await real.api.client.attach(id);
    const chunks = stalled[Symbol.asyncIterator]();
    const before = settledMemory();
    await real.api.client.start(id);
    assert.equal((await chunks.next()).done, false);
    assert.equal((await real.api.client.wait(id)).exitCode, 0);
    assert.ok(settledMemory() - before < MAX_GROWTH);
    stalled.close();
  });

  it("a Docker stream costs the host no memory, and holds its command back until the client leaves", async () => {
    const body = JSON.stringify({ Cmd: floods.command, AttachStdout: true });
    const headers = { "Content-Type": "application/json", ...CLOSE };
    const created = await RawClient.ask(
      real.api.socketPath,
      httpRequest("POST", "/containers/local/exec", { headers, body }),
    );
    const id = /"Id":"(\w+)"/.exec(created)?.[1] ?? "";
    const before = settledMemory();
    const client = await RawClient.open(real.api.socketPath);
    client.socket.pause();
    const upgrade = { "Content-Type": "application/json", Connection: "Upgrade", Upgrade: "tcp" };
    client.send(httpRequest("POST", `/exec/${id}/start`, { headers: upgrade, body: "{}" }));
    let seen = -1;
    await waitUntil("the command is held back", async () => {
      const { output } = await real.manager.inspect(id);
      const isStill = output.stdoutBytes > 0 && output.stdoutBytes === seen;
      seen = output.stdoutBytes;
      return isStill;
    });
    assert.ok(seen < MUCH_OUTPUT / 2);
    assert.ok(settledMemory() - before < MAX_GROWTH);
    client.close();
    assert.equal((await real.manager.wait(id)).exitCode, 0);
  });
});

describe("a client that vanishes while it sends input", () => {
  let real: RealApi;

  before(async () => {
    real = await RealApi.open();
  });

  after(async () => {
    await real.dispose();
  });

  it("as one of ours leaves the command and its input to whoever comes next", async () => {
    const { id } = await real.manager.create(target, { command: ["wc", "-c"], attachStdin: true });
    await real.manager.start(id);
    await killWhileSending(["framed", real.api.socketPath, id]);
    assert.equal((await real.manager.inspect(id)).Running, true);
    const next = await real.api.client.attach(id);
    await next.write(Buffer.from("the rest"));
    await next.endInput();
    let count = "";
    for await (const chunk of next) count += chunk.kind === "data" ? chunk.data : "";
    assert.ok(Number(count) >= "the rest".length, count);
    assert.equal((await real.manager.wait(id)).exitCode, 0);
  });

  it("as a Docker client leaves a command that has read all there was, and then the end", async () => {
    const { id } = await real.manager.create(target, {
      command: ["sh", "-c", "wc -c; sleep 1000"],
      attachStdin: true,
    });
    await killWhileSending(["docker", real.api.socketPath, id]);
    const output = await real.api.client.attach(id);
    const counted = await output[Symbol.asyncIterator]().next();
    assert.ok(!counted.done && counted.value.kind === "data");
    assert.ok(Number(counted.value.data) > 0);
    output.close();
    assert.equal((await real.manager.inspect(id)).Running, true);
    await waitUntil("its connection is closed", () => real.api.server.connectionCount <= 2);
  });

  it("as a Docker client with a terminal presses no key", async () => {
    const { id } = await real.manager.create(target, { command: ["cat"], tty: true, attachStdin: true });
    await killWhileSending(["docker", real.api.socketPath, id]);
    await waitUntil("its connection is closed", () => real.api.server.connectionCount <= 2);
    assert.equal((await real.manager.inspect(id)).Running, true);
    await real.manager.endInput(id);
    assert.equal((await real.manager.wait(id)).exitCode, 0);
  });
});

const sender = fileURLToPath(new URL("../support/input-sender.ts", import.meta.url));

/** Runs a client in a process of its own and kills it once it has sent some input. */
async function killWhileSending(args: readonly string[]): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [sender, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout ?? child, "data"), exited]);
  assert.equal(child.exitCode, null, "the client is still sending");
  child.kill("SIGKILL");
  await exited;
}

async function openClients(socketPath: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let opened = 0; opened < count; opened++) clients.push(await RawClient.open(socketPath));
  return clients;
}

function isSentAway({ isClosed, socket }: RawClient): boolean {
  return isClosed || socket.readableEnded;
}

/** What this process holds, without the garbage if it can be collected. */
function settledMemory(): number {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  return process.memoryUsage().rss;
}

/** The bytes of output in what an attachment has sent. Throws if one is not what the command writes at its offset. */
function countKnownLines(received: Buffer): number {
  const frames = received.subarray(received.indexOf("\r\n\r\n") + 4);
  let offset = 0;
  let bytes = 0;
  for (const { type, data } of new FrameParser(HOST_FRAMES).push(frames)) {
    if (type === "control") {
      const message = JSON.parse(data.toString());
      if (message.kind === "at") offset = message.offset;
      if (message.kind === "gap") offset = message.offset + message.bytes;
    } else {
      const start = offset % LINE.length;
      const lines = Buffer.alloc(start + data.length, LINE).subarray(start);
      assert.ok(data.equals(lines), `the output at ${offset}`);
      offset += data.length;
      bytes += data.length;
    }
  }
  return bytes;
}
