import assert from "node:assert/strict";
import { ATTACH_PROTOCOL, INPUT_WINDOW_BYTES, MAX_INPUT_FRAME_BYTES } from "../../src/api/attach-protocol.ts";
import { frameHeader } from "../../src/api/frame.ts";
import { MAX_JSON_BYTES } from "../../src/server/request-body.ts";
import { ApiWorld } from "../support/api-world.ts";
import { httpRequest, RawClient, refusalIn } from "../support/raw-client.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Far below what a client of the product gets, so that running out of time takes no time. */
const LIMITS = { headersTimeoutMs: 200, bodyTimeoutMs: 200, maxConnections: 16 };
const CLOSE = { Connection: "close" };
const JSON_TYPE = { "Content-Type": "application/json" };
const UPGRADE = { Connection: "Upgrade", Upgrade: ATTACH_PROTOCOL };

describe("a bad request", () => {
  let world: ApiWorld;
  let path: string;

  beforeEach(async () => {
    world = await ApiWorld.open(["c1"], { limits: LIMITS });
    path = world.api.socketPath;
  });

  afterEach(async () => {
    assert.deepEqual(world.api.reports, [], "nothing was unexpected");
    await world.dispose();
  });

  const create = "/containers/c1/exec";
  const refusals: Readonly<Record<string, readonly [string, readonly [number, string]]>> = {
    "for no call": [httpRequest("GET", "/x", { headers: CLOSE }), [404, "EXEC_CALL_NOT_FOUND"]],
    "for a path that is half a call": [
      httpRequest("GET", "/exec/0123", { headers: CLOSE }),
      [404, "EXEC_CALL_NOT_FOUND"],
    ],
    "with a version and no path": [
      httpRequest("GET", "/v1.41", { headers: CLOSE }),
      [404, "EXEC_CALL_NOT_FOUND"],
    ],
    "for the server itself": [httpRequest("OPTIONS", "*", { headers: CLOSE }), [404, "EXEC_CALL_NOT_FOUND"]],
    "with a wrong method": [
      httpRequest("DELETE", "/exec/0123/json", { headers: CLOSE }),
      [405, "EXEC_METHOD_NOT_ALLOWED"],
    ],
    "with a body of another type": [
      httpRequest("POST", create, { headers: { ...CLOSE, "Content-Type": "text/plain" }, body: "{}" }),
      [415, "EXEC_UNSUPPORTED_MEDIA_TYPE"],
    ],
    "with a body that is no JSON": [
      httpRequest("POST", create, { headers: { ...CLOSE, ...JSON_TYPE }, body: "{no" }),
      [400, "EXEC_BAD_REQUEST"],
    ],
    "with JSON that is no object": [
      httpRequest("POST", create, { headers: { ...CLOSE, ...JSON_TYPE }, body: "[1]" }),
      [400, "EXEC_BAD_REQUEST"],
    ],
    "with a field of a wrong type": [
      httpRequest("POST", create, { headers: { ...CLOSE, ...JSON_TYPE }, body: '{"Cmd":"ls"}' }),
      [400, "EXEC_BAD_REQUEST"],
    ],
    "with descriptors of the host itself": [
      httpRequest("POST", create, {
        headers: { ...CLOSE, ...JSON_TYPE },
        body: '{"command":["ls"],"preserveFds":[3]}',
      }),
      [400, "EXEC_INVALID_CONFIG"],
    ],
    "with an id that climbs": [
      httpRequest("GET", "/exec/..%2f..%2fetc/json", { headers: CLOSE }),
      [400, "EXEC_INVALID_SESSION_ID"],
    ],
    "with a broken escape": [
      httpRequest("GET", "/exec/%zz/json", { headers: CLOSE }),
      [400, "EXEC_INVALID_SESSION_ID"],
    ],
    "with a container that climbs": [
      httpRequest("GET", "/containers/..%2fc1/json", { headers: CLOSE }),
      [400, "EXEC_INVALID_CONTAINER_ID"],
    ],
    "with half a runtime": [
      httpRequest("GET", "/containers/c1/json?runtimeRoot=/x", { headers: CLOSE }),
      [400, "EXEC_INVALID_ARGUMENT"],
    ],
    "with a runtime that is none": [
      httpRequest("GET", "/containers/c1/json?runtime=vm", { headers: CLOSE }),
      [400, "EXEC_INVALID_ARGUMENT"],
    ],
    "with a parameter that is none": [
      httpRequest("POST", "/exec/0123/stop?timeout=1", { headers: CLOSE }),
      [400, "EXEC_INVALID_ARGUMENT"],
    ],
    "in a version that nobody speaks": [
      httpRequest("GET", "/version", { headers: { ...CLOSE, "Exec-Sessions-Api": "99" } }),
      [400, "EXEC_API_VERSION"],
    ],
    "that upgrades with a body of unknown length": [
      httpRequest("POST", "/exec/0123/start", { headers: { ...UPGRADE, "Transfer-Encoding": "chunked" } }),
      [400, "EXEC_BAD_REQUEST"],
    ],
    "that upgrades what does not exist": [
      httpRequest("POST", "/exec/0123/attach", { headers: UPGRADE }),
      [404, "EXEC_SESSION_NOT_FOUND"],
    ],
    "that is no HTTP": ["\x16\x03\x01 this is TLS, or not\r\n\r\n", [400, "EXEC_BAD_REQUEST"]],
    "that ends in the middle of a line": ["GET /version", [408, "EXEC_REQUEST_TIMEOUT"]],
    "whose headers never end": ["GET /version HTTP/1.1\r\nHost: x\r\n", [408, "EXEC_REQUEST_TIMEOUT"]],
    "that says nothing": ["", [408, "EXEC_REQUEST_TIMEOUT"]],
    "whose body never ends": [
      httpRequest("POST", create, { headers: { ...JSON_TYPE, "Content-Length": "100" }, body: "{" }),
      [408, "EXEC_REQUEST_TIMEOUT"],
    ],
    "whose upgrade's body never ends": [
      httpRequest("POST", "/exec/0123/start", {
        headers: { ...UPGRADE, ...JSON_TYPE, "Content-Length": "100" },
        body: "{",
      }),
      [408, "EXEC_REQUEST_TIMEOUT"],
    ],
    "with an address that is too long": [
      httpRequest("GET", `/exec/${"f".repeat(20_000)}/json`),
      [413, "EXEC_REQUEST_TOO_LARGE"],
    ],
    "with too many headers": [
      httpRequest("GET", "/version", {
        headers: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`X-${n}`, "x".repeat(30)])),
      }),
      [413, "EXEC_REQUEST_TOO_LARGE"],
    ],
    "that announces a body that is too large": [
      httpRequest("POST", create, {
        headers: { ...JSON_TYPE, "Content-Length": String(MAX_JSON_BYTES + 1) },
      }),
      [413, "EXEC_REQUEST_TOO_LARGE"],
    ],
    "with two lengths": [
      httpRequest("POST", create, { headers: { "Content-Length": "1", "content-length": "2" } }),
      [400, "EXEC_BAD_REQUEST"],
    ],
  };

  for (const [what, [request, refusal]] of Object.entries(refusals)) {
    it(`${what} is ${refusal.join(" ")}, and the connection ends`, async () => {
      assert.deepEqual(refusalIn(await RawClient.ask(path, request)), refusal);
    });
  }

  it("with a wrong method is told the right ones", async () => {
    const answer = await RawClient.ask(path, httpRequest("PATCH", create, { headers: CLOSE }));
    assert.match(answer, /\r\nAllow: POST, DELETE\r\n/);
  });

  it("with a chunked body that is too large is cut off", async () => {
    // With all the time that it takes to send.
    const patient = await ApiWorld.open(["c1"]);
    const client = await RawClient.open(patient.api.socketPath);
    client.send(httpRequest("POST", create, { headers: { ...JSON_TYPE, "Transfer-Encoding": "chunked" } }));
    client.send(`${(2 * MAX_JSON_BYTES).toString(16)}\r\n`);
    client.send(Buffer.alloc(2 * MAX_JSON_BYTES, " "));
    await client.whenEnded();
    assert.deepEqual(refusalIn(client.text), [413, "EXEC_REQUEST_TOO_LARGE"]);
    client.close();
    await patient.dispose();
  });

  it("right after another is answered, and does not garble the answer to the first", async () => {
    const client = await RawClient.open(path);
    const { id } = await world.client.create(world.world.target("c1"), { command: ["runs"] });
    client.send(`${httpRequest("POST", `/exec/${id}/wait`)}this is no HTTP\r\n\r\n`);
    await client.whenEnded();
    assert.equal(client.text, "");
    client.close();
  });

  it("that asks for an unknown upgrade is answered as if it had not", async () => {
    const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABk" };
    assert.match(
      await RawClient.ask(path, httpRequest("GET", "/version", { headers })),
      /^HTTP\/1\.1 200 OK/,
    );
  });

  describe("on an attachment", () => {
    const frame = (type: number, length: number, data = "") => {
      const header = Buffer.from(frameHeader("stdin", length));
      header[0] = type;
      return Buffer.concat([header, Buffer.from(data)]);
    };
    const control = (message: unknown) => {
      const text = JSON.stringify(message);
      return frame(3, text.length, text);
    };
    const nonsense: Readonly<Record<string, Buffer>> = {
      "bytes that are no frames": Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      "a frame of an unknown type": frame(9, 0),
      "output of its own": frame(1, 1, "x"),
      "a header with something in its zeros": Buffer.from([0, 0, 1, 0, 0, 0, 0, 0]),
      "a frame of input that is too long": frame(0, MAX_INPUT_FRAME_BYTES + 1),
      "a control message that is too long": frame(3, 5000),
      "a control message that is no JSON": frame(3, 2, "{x"),
      "a control message that is none": control({ kind: "launch" }),
      "no credit": control({ kind: "read", bytes: 0 }),
      "too much credit": control({ kind: "read", bytes: 1e12 }),
      "an offset below zero": control({ kind: "advance", offset: -1 }),
      "more input than it may": Buffer.concat(
        Array.from({ length: INPUT_WINDOW_BYTES / MAX_INPUT_FRAME_BYTES + 2 }, () =>
          Buffer.concat([frameHeader("stdin", MAX_INPUT_FRAME_BYTES), Buffer.alloc(MAX_INPUT_FRAME_BYTES)]),
        ),
      ),
      "more pieces of input than it may": Buffer.concat(Array.from({ length: 3000 }, () => frame(0, 1, "x"))),
    };

    for (const [what, bytes] of Object.entries(nonsense)) {
      it(`${what} ends it with a word of why, and the session goes on`, async () => {
        const { id } = await world.client.create(world.world.target("c1"), {
          command: ["runs"],
          attachStdin: true,
        });
        await world.client.start(id);
        const client = await RawClient.open(path);
        client.send(httpRequest("POST", `/exec/${id}/attach`, { headers: UPGRADE }));
        await waitUntil("it is upgraded", () => client.text.includes("\r\n\r\n"));
        client.send(bytes);
        await client.whenEnded();
        assert.match(client.text, /\{"kind":"error","error":\{"message":"[^"]+.*"code":"EXEC_BAD_REQUEST"/);
        assert.equal((await world.client.inspect(id)).Running, true);
        client.close();
      });
    }

    it("that ends in the middle of a frame just ends it", async () => {
      const { id } = await world.client.create(world.world.target("c1"), {
        command: ["runs"],
        attachStdin: true,
      });
      await world.client.start(id);
      const client = await RawClient.open(path);
      client.send(httpRequest("POST", `/exec/${id}/attach`, { headers: UPGRADE }));
      await waitUntil("it is upgraded", () => client.text.includes("\r\n\r\n"));
      client.send(frame(0, 100, "half"));
      client.socket.end();
      await client.whenEnded();
      client.close();
      assert.equal(world.world.machine.process().stdin?.readableLength, 0);
    });
  });
});
