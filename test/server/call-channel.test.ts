import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { CALLS_PROTOCOL } from "../../src/api/calls-protocol.ts";
import { JsonLines } from "../../src/api/json-lines.ts";
import { CallChannel } from "../../src/server/call-channel.ts";
import { READS, RUNS } from "../session/contract/contract-world.ts";
import { ApiWorld, type ApiWorldOptions } from "../support/api-world.ts";
import { httpRequest, RawClient, refusalIn } from "../support/raw-client.ts";
import { waitUntil } from "../support/wait-until.ts";

const LIST = { method: "GET", path: "/exec/json" };

describe("a connection of many calls", () => {
  let world: ApiWorld;
  const channels: Channel[] = [];

  afterEach(async () => {
    for (const channel of channels.splice(0)) channel.raw.close();
    await world.dispose();
  });

  async function open(options: ApiWorldOptions = {}): Promise<Channel> {
    world = await ApiWorld.open(["c1"], options);
    return openMore();
  }

  async function openMore(): Promise<Channel> {
    const channel = await Channel.open(world.api.socketPath);
    channels.push(channel);
    return channel;
  }

  async function createSession(config = RUNS): Promise<string> {
    return (await world.client.create(world.world.target("c1"), config)).id;
  }

  it("answers each call when it is done, whatever the others wait for", async () => {
    const channel = await open();
    const id = await createSession();
    channel.say({ id: 7, method: "POST", path: `/exec/${id}/wait` });
    channel.say({ id: 8, method: "POST", path: `/exec/${id}/start`, body: { Detach: true } });
    channel.say({ id: 9, method: "POST", path: `/exec/${id}/resize?h=1&w=1` });
    const answers = [await channel.next(), await channel.next()];
    assert.deepEqual(
      new Map(answers.map((line) => [line.id, line.status])),
      new Map([
        [8, 200],
        [9, 409],
      ]),
    );
    world.world.machine.process().exit(3);
    const { json, ...answer } = await channel.next();
    assert.deepEqual([answer, Object(json).exitCode], [{ id: 7, status: 200 }, 3]);
    channel.say({ id: 7, method: "POST", path: `/exec/${id}/cleanup` });
    assert.deepEqual(await channel.next(), { id: 7, status: 204 });
  });

  it("lets go of what nobody waits for any more, when that is said or the client has gone", async () => {
    const channel = await open();
    const id = await createSession();
    channel.say({ id: 1, method: "POST", path: `/exec/${id}/wait` });
    channel.say({ cancel: 1 });
    channel.say({ cancel: 99 });
    const answer = await channel.next();
    assert.deepEqual([answer.id, answer.status], [1, 500]);
    const { manager } = world.world;
    const wait = manager.wait.bind(manager);
    const signals: (AbortSignal | undefined)[] = [];
    manager.wait = (session, options = {}) => {
      signals.push(options.signal);
      return wait(session, options);
    };
    channel.say({ id: 2, method: "POST", path: `/exec/${id}/wait` });
    channel.say({ id: 3, ...LIST });
    assert.equal((await channel.next()).id, 3);
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [false],
    );
    channel.raw.socket.end();
    await channel.raw.whenEnded();
    await world.client.close();
    await waitUntil("it is let go of", () => world.api.server.connectionCount === 0);
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [true],
    );
    assert.deepEqual(world.api.reports, []);
  });

  const rules: Readonly<Record<string, string>> = {
    "no JSON": "{",
    "no object": "[]",
    "a number that is none": '{"id":-1,"method":"GET","path":"/exec/json"}',
    "no path": '{"id":1,"method":"GET"}',
    "a word too many": '{"id":1,"method":"GET","path":"/exec/json","headers":{}}',
    nothing: "",
  };
  for (const [what, line] of Object.entries(rules)) {
    it(`is ended with a sentence by a line with ${what}`, async () => {
      const channel = await open();
      channel.raw.send(`${line}\n${JSON.stringify({ id: 5, ...LIST })}\n`);
      const { error } = await channel.next();
      assert.deepEqual(
        [error?.code, error?.message],
        [
          "EXEC_BAD_REQUEST",
          'A line of this connection is no call: it must be JSON with "id", "method", "path" and maybe "body", or with "cancel".',
        ],
      );
      await channel.raw.whenEnded();
      assert.equal(channel.waiting, 0);
      assert.deepEqual(await world.client.list(), []);
    });
  }

  it("is ended by a number that is used twice at a time, a line without an end, and one that takes too long", async () => {
    const channel = await open({ limits: { bodyTimeoutMs: 100 } });
    const id = await createSession();
    for (const _ of [1, 2]) channel.say({ id: 1, method: "POST", path: `/exec/${id}/wait` });
    const twice = await channel.next();
    assert.deepEqual(
      twice.error?.message,
      "A line of this connection is no call: call 1 has not been answered yet.",
    );
    const endless = await openMore();
    endless.raw.send("x".repeat(9 * 1024 * 1024));
    assert.equal((await endless.next()).error?.code, "EXEC_REQUEST_TOO_LARGE");
    const slow = await openMore();
    slow.raw.send('{"id":1,');
    assert.equal((await slow.next()).error?.code, "EXEC_REQUEST_TIMEOUT");
    for (const { raw } of [channel, endless, slow]) await raw.whenEnded();
  });

  it("is not ended by a client's call that is too large, which is refused alone", async () => {
    await open();
    const { client } = world;
    const id = await createSession();
    const waiting = client.wait(id);
    const env = { LARGE: "x".repeat(9 * 1024 * 1024) };
    await assert.rejects(client.create(world.world.target("c1"), { command: ["runs"], env }), {
      code: "EXEC_REQUEST_TOO_LARGE",
    });
    await client.start(id);
    world.world.machine.process().exit(4);
    assert.equal((await waiting).exitCode, 4);
  });

  it("refuses what takes or gives bytes, before anything has come of it", async () => {
    const channel = await open();
    const id = await createSession(READS);
    const calls = [
      { method: "POST", path: `/exec/${id}/start`, body: {} },
      { method: "POST", path: `/exec/${id}/attach` },
      { method: "POST", path: `/exec/${id}/input` },
      { method: "GET", path: "/events" },
      { method: "GET", path: "/_ping" },
      { method: "POST", path: "/calls" },
    ];
    for (const call of calls) {
      channel.say({ id: 1, ...call });
      const { status, json } = await channel.next();
      assert.deepEqual([call.path, status, Object(json).code], [call.path, 400, "EXEC_BAD_REQUEST"]);
    }
    assert.equal((await world.client.inspect(id)).state, "created");
    channel.say({ id: 1, method: "PUT", path: "/exec/json" });
    assert.equal((await channel.next()).status, 405);
  });

  it("has a limit of calls under way, and refuses only those beyond it", async () => {
    const channel = await open({ limits: { maxConnections: 5 } });
    const id = await createSession();
    for (let number = 0; number < 6; number++)
      channel.say({ id: number, method: "POST", path: `/exec/${id}/wait` });
    const refused = await channel.next();
    assert.deepEqual([refused.id, refused.status, Object(refused.json).code], [5, 503, "EXEC_HOST_BUSY"]);
    await world.client.start(id);
    world.world.machine.process().exit(0);
    for (let number = 0; number < 5; number++) assert.equal((await channel.next()).status, 200);
  });

  it("is not listened to while its client reads nothing, and loses no call", async () => {
    const channel = await open();
    await createSession();
    const calls = 8_000;
    const { manager } = world.world;
    const list = manager.list.bind(manager);
    let taken = 0;
    manager.list = (filter) => {
      taken++;
      return list(filter);
    };
    channel.raw.socket.pause();
    for (let id = 0; id < calls; id++) channel.say({ id, ...LIST });
    await assert.rejects(
      waitUntil("all are taken", () => taken === calls, 3_000),
      /in vain/,
    );
    channel.raw.socket.resume();
    const numbers = new Set<number | undefined>();
    for (let count = 0; count < calls; count++) numbers.add((await channel.next()).id);
    assert.equal(numbers.size, calls);
  });

  it("asks for another connection once the server retires, and answers what is under way", async () => {
    const channel = await open();
    const id = await createSession();
    channel.say({ id: 1, method: "POST", path: `/exec/${id}/wait` });
    channel.say({ id: 2, ...LIST });
    assert.equal((await channel.next()).id, 2);
    world.api.server.retire();
    assert.deepEqual(await channel.next(), { retired: true });
    const late = await openMore();
    assert.deepEqual(await late.next(), { retired: true });
    await world.client.start(id);
    world.world.machine.process().exit(0);
    assert.equal((await channel.next()).id, 1);
  });

  it("needs an upgrade, to its own protocol", async () => {
    await open();
    for (const headers of [
      {},
      { Connection: "Upgrade", Upgrade: "tcp" },
      { Connection: "Upgrade", Upgrade: "exec-session-calls/99" },
    ]) {
      const answer = await RawClient.ask(
        world.api.socketPath,
        httpRequest("POST", "/calls", { headers: { Connection: "close", ...headers } }),
      );
      assert.deepEqual(refusalIn(answer), [400, "EXEC_BAD_REQUEST"]);
    }
  });
});

describe("a connection of many calls that is idle", () => {
  it("is closed once it has been idle for its time, and not while a call is under way", async () => {
    const answer = Promise.withResolvers<{ readonly status: number }>();
    const options = { maxCalls: 1, lineTimeoutMs: 20_000, idleTimeoutMs: 50 };
    const busy = silentConnection();
    new CallChannel(busy, { ...options, answer: () => answer.promise });
    busy.push(`${JSON.stringify({ id: 1, method: "GET", path: "/version" })}\n`);
    const idle = silentConnection();
    new CallChannel(idle, { ...options, answer: () => answer.promise });
    await once(idle, "close");
    assert.equal(busy.destroyed, false);
    answer.resolve({ status: 204 });
    await once(busy, "close");
  });
});

/** A connection whose client takes everything and does nothing. */
function silentConnection(): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
}

/** What a host says, of any kind. */
interface AnyLine {
  readonly id?: number;
  readonly status?: number;
  readonly json?: unknown;
  readonly retired?: true;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A client's end of such a connection, without any rules. */
class Channel {
  readonly raw: RawClient;
  readonly #lines = new JsonLines(Number.POSITIVE_INFINITY, () => new Error("no limit"));
  readonly #said: AnyLine[] = [];

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  static async open(socketPath: string): Promise<Channel> {
    const raw = await RawClient.open(socketPath);
    raw.send(httpRequest("POST", "/calls", { headers: { Connection: "Upgrade", Upgrade: CALLS_PROTOCOL } }));
    await waitUntil("it is upgraded", () => raw.text.includes("\r\n\r\n"));
    const channel = new Channel(raw);
    const head = raw.bytes.indexOf("\r\n\r\n") + 4;
    channel.#take(raw.bytes.subarray(head));
    raw.socket.on("data", (chunk: Buffer) => channel.#take(chunk));
    return channel;
  }

  /** Lines that have come and were not asked for. */
  get waiting(): number {
    return this.#said.length;
  }

  say(line: object): void {
    this.raw.send(`${JSON.stringify(line)}\n`);
  }

  async next(): Promise<AnyLine> {
    if (this.#said.length === 0) await waitUntil("a line comes", () => this.#said.length > 0);
    return this.#said.shift() ?? {};
  }

  #take(chunk: Buffer): void {
    this.#said.push(...this.#lines.take(chunk).map((line) => JSON.parse(line)));
  }
}
