import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createRawServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { API_VERSION_HEADER } from "../../src/api/api-version.ts";
import { ATTACH_PROTOCOL, type HostMessage, SESSION_ID_HEADER } from "../../src/api/attach-protocol.ts";
import { CALLS_PROTOCOL, type CallLine } from "../../src/api/calls-protocol.ts";
import { frameHeader } from "../../src/api/frame.ts";
import { JsonLines } from "../../src/api/json-lines.ts";
import { SessionClient } from "../../src/client/session-client.ts";
import { isSessionError } from "../../src/session/session-error.ts";
import { assertCode, bytesOf, READS, RUNS, target, textOf } from "../session/contract/contract-world.ts";
import { ApiWorld } from "../support/api-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const ID = "0123456789abcdef".repeat(4);

describe("a session client without a session host", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "client-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("says of every call that the host cannot be reached, and that nothing was sent", async () => {
    const client = new SessionClient({ socketPath: join(folder, "none.sock") });
    const calls = [
      () => client.version(),
      () => client.create(target(), RUNS),
      () => client.startAndAttach(ID),
      () => client.wait(ID),
      () => client.write(ID, Buffer.from("x")),
      () => client.events()[Symbol.asyncIterator]().next(),
    ];
    for (const call of calls) {
      const error = await call().catch((reason: unknown) => reason);
      assert.ok(isSessionError(error));
      assert.deepEqual([error.code, error.details], ["EXEC_HOST_UNREACHABLE", { isSent: false }]);
      assert.match(error.message, /none\.sock cannot be reached: connect ENOENT/);
    }
    await client.close();
  });

  it("passes on why no host could be started", async () => {
    const failure = Object.assign(new Error("The disk is full."), { code: "EXEC_STATE_DIR_UNUSABLE" });
    const client = new SessionClient({ socketPath: "nowhere", connect: () => Promise.reject(failure) });
    await assert.rejects(client.list(), failure);
    await client.close();
  });

  it("is not taken in by another server on the socket, such as a Docker engine", async () => {
    const { client, close } = await serve(folder, (_request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end("[]");
    });
    await assertCode("EXEC_BAD_ANSWER", client.list());
    await assertCode("EXEC_BAD_ANSWER", client.attach(ID));
    await close();
  });

  it("is not taken in by what is no HTTP", async () => {
    const server = createRawServer((socket) => {
      socket.on("error", () => {}).resume();
      socket.end("220 mail.example.org ESMTP\r\n");
    });
    const socketPath = join(folder, "mail.sock");
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const client = new SessionClient({ socketPath });
    await assertCode("EXEC_HOST_UNREACHABLE", client.list());
    await client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  for (const [what, line] of [
    ["what is no JSON", "{"],
    ["JSON of another form", '{"id":1,"status":200,"json":[{"id":1}]}'],
    ["nothing", '{"id":1,"status":200}'],
    ["no answer at all", "[]"],
    ["a complaint", '{"error":{"message":"No.","code":"EXEC_BAD_REQUEST"}}'],
  ] as const) {
    it(`refuses ${what} for an answer`, async () => {
      const { client, close } = await serveCalls(folder, (_call, socket) => socket.write(`${line}\n`));
      const code = what === "a complaint" ? "EXEC_BAD_REQUEST" : "EXEC_BAD_ANSWER";
      await assertCode(code, client.list());
      await close();
    });
  }

  it("refuses an answer in a version that it did not ask for, and a refusal that it does not understand", async () => {
    let version = "2";
    const { client, close } = await serve(folder, (_request, response) => {
      response.setHeader(API_VERSION_HEADER, version);
      response.statusCode = 500;
      response.end('{"message":"Of a later version.","code":"EXEC_FROM_THE_FUTURE","details":{"a":1}}');
    });
    await assertCode("EXEC_BAD_ANSWER", client.list());
    version = "1";
    for (const call of [client.list(), client.write(ID, Buffer.from("x"))]) {
      const error = await call.catch((reason: unknown) => reason);
      assert.ok(isSessionError(error));
      assert.deepEqual(
        [error.code, error.details],
        ["EXEC_BAD_ANSWER", { a: 1, code: "EXEC_FROM_THE_FUTURE" }],
      );
    }
    await close();
  });

  it("makes a call again that broke off on a connection from before only if it changes nothing", async () => {
    const seen: string[] = [];
    const used = new WeakSet<object>();
    const { client, close } = await serveCalls(folder, ({ id, method, path }, socket) => {
      seen.push(`${method} ${path.split("?")[0]}`);
      if (used.has(socket)) return void socket.destroy();
      used.add(socket);
      socket.write(`${JSON.stringify({ id, status: 200, json: [] })}\n`);
    });
    assert.deepEqual(await client.list(), []);
    assert.deepEqual(await client.list(), []);
    assert.deepEqual(seen, ["GET /exec/json", "GET /exec/json", "GET /exec/json"]);
    const error = await client.create(target(), RUNS).catch((reason: unknown) => reason);
    assert.ok(isSessionError(error));
    assert.deepEqual([error.code, error.details], ["EXEC_HOST_UNREACHABLE", { isSent: true }]);
    assert.deepEqual(seen.slice(3), ["POST /containers/c1/exec"]);
    await close();
  });

  it("asks again where a connection was taken and broken off, as by a host that is just being killed; acts only once", async () => {
    let left = 3;
    const seen: string[] = [];
    const { client, close } = await serveCalls(
      folder,
      ({ id, method }, socket) => {
        seen.push(method);
        if (left > 0) socket.destroy();
        else socket.write(`${JSON.stringify({ id, status: 200, json: [] })}\n`);
      },
      (socket) => {
        if (left-- > 0) socket.destroy();
      },
    );
    assert.deepEqual(await client.list(), []);
    assert.deepEqual(seen, ["GET"]);
    await close();
    const rude = await serveCalls(folder, ({ method }, socket) => {
      seen.push(method);
      socket.destroy();
    });
    seen.length = 0;
    await assertCode("EXEC_HOST_UNREACHABLE", rude.client.kill(ID, "SIGTERM"));
    await assertCode("EXEC_HOST_UNREACHABLE", rude.client.wait(ID));
    assert.deepEqual(seen, ["POST", "POST"]);
    await rude.close();
  });

  it("makes its next calls elsewhere once its host asks for that, and gets the answers to those under way", async () => {
    const connections = new Set<object>();
    const { client, close } = await serveCalls(folder, ({ id, path }, socket) => {
      connections.add(socket);
      const answer = `${JSON.stringify({ id, status: 200, json: path.includes("json") ? [] : null })}\n`;
      if (path.includes("json")) socket.write(answer);
      else socket.write('{"retired":true}\n', () => setImmediate(() => socket.write(answer)));
    });
    assert.equal(await client.stop(ID), null);
    assert.deepEqual(await client.list(), []);
    assert.equal(connections.size, 2);
    await close();
  });

  it("gives up a call whose signal aborts, tells its host so, and minds no late answer", async () => {
    const lines: unknown[] = [];
    const { client, close } = await serveCalls(folder, (line, socket) => {
      lines.push(line);
      if ("cancel" in line) socket.write('{"id":1,"status":500}\n');
      else if (line.method === "GET") socket.write(`{"id":${line.id},"status":200,"json":[]}\n`);
    });
    const giveUp = new AbortController();
    const waiting = client.wait(ID, { signal: giveUp.signal });
    await waitUntil("it waits", () => lines.length === 1);
    giveUp.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    assert.deepEqual(await client.list(), []);
    assert.deepEqual(lines[1], { cancel: 1 });
    await assert.rejects(client.wait(ID, { signal: giveUp.signal }), /enough/);
    assert.equal(lines.length, 3);
    await close();
  });

  describe("whose host breaks the rules of an attachment", () => {
    const news = (message: HostMessage | { readonly kind: string }) => {
      const text = Buffer.from(JSON.stringify(message));
      return Buffer.concat([frameHeader("control", text.length), text]);
    };
    const breaches: Readonly<Record<string, Buffer>> = {
      "with bytes that are no frames": Buffer.from("HTTP/1.1 200 OK\r\n"),
      "with input of its own": frameHeader("stdin", 0),
      "with output that nobody asked for": Buffer.concat([
        frameHeader("stdout", 1_048_577 - 100),
        Buffer.alloc(2_000_000),
      ]),
      "with an answer to no input": news({ kind: "taken" }),
      "with news that are none": news({ kind: "surprise" }),
      "by ending in the middle of a frame": frameHeader("stdout", 10),
    };
    for (const [what, bytes] of Object.entries(breaches)) {
      it(`${what} throws that while it is read, and ends`, async () => {
        const { client, close } = await serveAttachment(folder, (socket) => {
          socket.once("data", () => socket.end(bytes));
        });
        const attachment = await client.attach(ID);
        const error = await bytesOf(attachment).catch((reason: unknown) => reason);
        assert.ok(isSessionError(error));
        assert.match(error.code, /^EXEC_(BAD_ANSWER|HOST_UNREACHABLE)$/);
        assert.deepEqual(await attachment.ended, { kind: "detached", by: "failure" });
        await close();
      });
    }

    it("gives what had come before it broke off", async () => {
      const { client, close } = await serveAttachment(folder, (socket) => {
        socket.once("data", () =>
          socket.end(Buffer.concat([frameHeader("stderr", 10), Buffer.from("half")])),
        );
      });
      let text = "";
      const reading = (async () => {
        for await (const chunk of await client.attach(ID)) text += chunk.kind === "data" ? chunk.data : "";
      })();
      await assertCode("EXEC_HOST_UNREACHABLE", reading);
      assert.equal(text, "half");
      await close();
    });
  });
});

describe("a session client whose host goes away", () => {
  it("tells every call, reader and writer that is under way", async () => {
    const world = await ApiWorld.open(["c1"]);
    const { client } = world;
    const { id } = await client.create(world.world.target("c1"), READS);
    const attachment = await client.startAndAttach(id);
    world.world.machine.process().stdout?.write("before");
    const chunks = attachment[Symbol.asyncIterator]();
    assert.equal((await chunks.next()).done, false);
    const events = client.events()[Symbol.asyncIterator]();
    const underWay = [
      client.wait(id),
      attachment.write(Buffer.alloc(1_000_000)),
      chunks.next(),
      events.next(),
    ];
    const results = Promise.allSettled(underWay);
    await client.list();
    await world.api.server.close();
    for (const result of await results) {
      assert.ok(result.status === "rejected" && isSessionError(result.reason));
      assert.deepEqual(
        [result.reason.code, result.reason.details],
        ["EXEC_HOST_UNREACHABLE", { isSent: true }],
      );
    }
    assert.deepEqual(await attachment.ended, { kind: "detached", by: "failure" });
    await assertCode("EXEC_HOST_UNREACHABLE", attachment.write(Buffer.from("x")));
    await assertCode("EXEC_HOST_UNREACHABLE", attachment.endInput());
    attachment.advance(3);
    attachment.close();
    await world.dispose();
  });

  it("goes on with the next host, from where it was", async () => {
    const world = await ApiWorld.open(["c1"]);
    const { client, socketPath } = world.api;
    const { id } = await client.create(world.world.target("c1"), RUNS);
    const first = await client.startAndAttach(id, { consumer: "flow" });
    const { stdout } = world.world.machine.process();
    stdout?.write("before ");
    for await (const chunk of first) {
      assert.equal(chunk.kind === "data" && chunk.data.toString(), "before ");
      first.advance(7);
      break;
    }
    await waitUntil("the position is known", () => world.world.manager.inspect(id).then(() => true));
    await world.api.server.close();
    stdout?.write("meanwhile ");
    await world.api.reopen();
    const second = await client.attach(id, { offset: 7 });
    stdout?.write("after");
    world.world.machine.process().exit(0);
    assert.equal(await textOf(second), "meanwhile after");
    assert.equal(socketPath, world.api.socketPath);
    await world.dispose();
  });
});

describe("a session client that is closed", () => {
  it("breaks off its calls, ends its attachments and events, and leaves sessions and other clients alone", async () => {
    const world = await ApiWorld.open(["c1"]);
    const { client } = world;
    const other = new SessionClient({ socketPath: world.api.socketPath });
    const { id } = await client.create(world.world.target("c1"), RUNS);
    const attachment = await client.startAndAttach(id);
    const reading = textOf(attachment);
    const waiting = client.wait(id);
    const events = client.events()[Symbol.asyncIterator]();
    const nextEvent = events.next();
    await client.list();
    const results = Promise.allSettled([waiting, client.attach(id)]);
    await client.close();
    for (const result of await results) {
      assert.ok(result.status === "rejected" && isSessionError(result.reason));
      assert.equal(result.reason.code, "EXEC_CLOSED");
    }
    assert.equal(await reading, "");
    assert.deepEqual(await attachment.ended, { kind: "detached", by: "close" });
    assert.deepEqual(await nextEvent, { done: true, value: undefined });
    assert.equal((await other.inspect(id)).Running, true);
    await other.close();
    await waitUntil("its connections are closed", () => world.api.server.connectionCount === 0);
    await world.dispose();
  });
});

interface FakeHost {
  readonly client: SessionClient;
  close(): Promise<void>;
}

async function serve(folder: string, answer: RequestListener): Promise<FakeHost> {
  return connectTo(createServer(answer), folder);
}

/** A host that upgrades whatever is asked for. */
async function serveAttachment(folder: string, begin: (socket: Duplex) => void): Promise<FakeHost> {
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    upgrade(socket, ATTACH_PROTOCOL);
    begin(socket);
  });
  return connectTo(server, folder);
}

/** A host that takes calls, many on a connection. `onConnection` may break it off before it is upgraded. */
async function serveCalls(
  folder: string,
  onLine: (line: CallLine, socket: Duplex) => void,
  onConnection: (socket: Duplex) => void = () => {},
): Promise<FakeHost> {
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    onConnection(socket);
    if (socket.destroyed) return;
    upgrade(socket, CALLS_PROTOCOL);
    const lines = new JsonLines(Number.POSITIVE_INFINITY, () => new Error());
    socket.on("data", (chunk: Buffer) => {
      for (const line of lines.take(chunk)) onLine(JSON.parse(line), socket);
    });
  });
  return connectTo(server, folder);
}

function upgrade(socket: Duplex, protocol: string): void {
  socket.on("error", () => {}).on("end", () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${API_VERSION_HEADER}: 1\r\n${SESSION_ID_HEADER}: ${ID}\r\n\r\n`,
  );
}

async function connectTo(server: Server, folder: string): Promise<FakeHost> {
  const socketPath = join(folder, "fake.sock");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = new SessionClient({ socketPath });
  return {
    client,
    close: async () => {
      await client.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
