import assert from "node:assert/strict";
import { ATTACH_PROTOCOL } from "../../src/api/attach-protocol.ts";
import { frameHeader } from "../../src/api/frame.ts";
import { ApiWorld } from "../support/api-world.ts";
import { httpRequest, RawClient } from "../support/raw-client.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROUNDS = 40;
const CLIENTS_PER_ROUND = 12;
const MIB = 1024 * 1024;

const METHODS = ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "CONNECT", "get", ""] as const;
const HEADERS = [
  "Connection: Upgrade\r\n",
  "Upgrade: tcp\r\n",
  `Upgrade: ${ATTACH_PROTOCOL}\r\n`,
  "Content-Type: application/json\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Expect: 100-continue\r\n",
  "Exec-Sessions-Api: 1\r\n",
  "Exec-Sessions-Api: -1\r\n",
  "Host: \r\n",
  ": nothing\r\n",
] as const;
const BODIES = [
  "",
  "{}",
  '{"Cmd":["runs"]}',
  '{"Detach":true}',
  "null",
  "[[[[[[",
  '{"__proto__":{"a":1}}',
  '{"Cmd":[""],"Env":["="]}',
  "5\r\nhello\r\n0\r\n\r\n",
] as const;

describe("whatever bytes come", () => {
  it("the server answers or ends the connection, keeps its memory, and serves everybody else", async function () {
    this.timeout(120_000);
    const random = SeededRandom.fromEnvironment();
    const world = await ApiWorld.open(["c1"], { limits: { headersTimeoutMs: 100, bodyTimeoutMs: 100 } });
    const { client, socketPath, server } = world.api;
    const { id } = await client.create(world.world.target("c1"), { command: ["runs"], attachStdin: true });
    const attachment = await client.startAndAttach(id);
    let seen = 0;
    const reading = (async () => {
      for await (const chunk of attachment) seen += chunk.kind === "data" ? chunk.data.length : 0;
    })();
    const before = process.memoryUsage().rss;
    const clients: RawClient[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (let count = 0; count < CLIENTS_PER_ROUND; count++) {
          clients.push(await disturb(random, socketPath, id));
        }
        world.world.machine.process().stdout?.write("x");
        await waitUntil("the attachment goes on", () => seen === round + 1);
        assert.equal((await client.inspect(id)).ID, id);
        for (const each of clients.splice(0)) each.close();
      }
      await waitUntil("all have left", () => server.connectionCount <= 2);
      assert.ok(process.memoryUsage().rss - before < 64 * MIB);
      assert.deepEqual(world.api.reports, []);
    } catch (error) {
      throw new Error(`failed with SEED=${random.seed}`, { cause: error });
    } finally {
      for (const each of clients) each.close();
      attachment.close();
      await reading;
      await world.dispose();
    }
  });
});

/** A client that does something which no client should. */
async function disturb(random: SeededRandom, socketPath: string, id: string): Promise<RawClient> {
  const client = await RawClient.open(socketPath);
  const bytes = random.pick([noise, request, brokenRequest, framesAfterUpgrade])(random, id);
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(bytes.length);
    client.send(bytes.subarray(at, at + length));
    at += length;
    if (random.below(3) === 0) await new Promise(setImmediate);
  }
  if (random.below(2) === 0) client.socket.end();
  if (random.below(4) === 0) client.close();
  return client;
}

function noise(random: SeededRandom): Buffer {
  return random.bytes(random.below(5000));
}

function request(random: SeededRandom, id: string): Buffer {
  const path = random.pick([
    `/exec/${id}/json`,
    `/v1.41/exec/${id}/start`,
    `/exec/${id}/attach?offset=0&consumer=fuzz`,
    `/exec/${id}/resize?h=1&w=99999`,
    `/exec/${id}/kill?signal=none`,
    "/exec/json?filters=%7B",
    "/containers/elsewhere/exec",
    "/libpod/containers/%00/exec",
    "/events?since=0",
    "/_ping",
    "//////",
    "/exec/%ff%fe/json",
  ]);
  const headers = Array.from({ length: random.below(4) }, () => random.pick(HEADERS)).join("");
  return Buffer.from(`${random.pick(METHODS)} ${path} HTTP/1.1\r\n${headers}\r\n${random.pick(BODIES)}`);
}

/** A good one with a few bytes changed, missing or added. */
function brokenRequest(random: SeededRandom, id: string): Buffer {
  const bytes = request(random, id);
  for (let change = 0; change <= random.below(8); change++) {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  }
  return bytes.subarray(0, 1 + random.below(bytes.length));
}

function framesAfterUpgrade(random: SeededRandom, id: string): Buffer {
  const headers = { Connection: "Upgrade", Upgrade: random.pick([ATTACH_PROTOCOL, "tcp"]) };
  const frames = Array.from({ length: random.below(20) }, () => {
    const data = random.pick([random.bytes(random.below(200)), Buffer.from('{"kind":"read","bytes":1}')]);
    const header = frameHeader(random.pick(["stdin", "stdout", "control"]), data.length);
    if (random.below(3) === 0) header[random.below(8)] = random.below(256);
    return Buffer.concat([header, data]);
  });
  // Not stdin for the session that others use: this one reads nothing.
  return Buffer.concat([Buffer.from(httpRequest("POST", `/exec/${id}/attach`, { headers })), ...frames]);
}
