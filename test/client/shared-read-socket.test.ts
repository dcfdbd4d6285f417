import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectToSocket } from "../../src/client/connect-to-socket.ts";
import type { SharedReadSocket } from "../../src/client/shared-read-socket.ts";
import { waitUntil } from "../support/wait-until.ts";

const MIB = 1024 * 1024;
/** More than the sockets and the streams at both ends hold. */
const MUCH = 4 * MIB;

describe("shared-read-socket", () => {
  let folder: string;
  let server: Server;
  const ends: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "shared-read-"));
    server = createServer((socket) => ends.push(socket)).listen(join(folder, "socket"));
    await once(server, "listening");
  });

  afterEach(async () => {
    for (const end of ends.splice(0)) end.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  it("a stream's readers get bytes of their own, on however many connections at a time", async () => {
    const pairs = [
      { letter: "a", ...(await open()) },
      { letter: "b", ...(await open()) },
    ];
    const chunks = pairs.map(({ letter, near, far }) => {
      const read: Buffer[] = [];
      near.on("data", (chunk: Buffer) => read.push(chunk));
      far.end(letter.repeat(MUCH));
      return read;
    });
    await Promise.all(pairs.map(({ near }) => once(near, "end")));
    const texts = chunks.map((read) => Buffer.concat(read).toString());
    assert.deepEqual(texts, ["a".repeat(MUCH), "b".repeat(MUCH)]);
  });

  it("a stream that nobody reads is not read on, and loses nothing", async () => {
    const { near, far } = await open();
    let hasTakenAll = false;
    far.end(Buffer.alloc(MUCH, "abc"), () => {
      hasTakenAll = true;
    });
    await waitUntil("it has stopped reading", () => near.readableLength > 0);
    const held = near.readableLength;
    await new Promise(setImmediate);
    assert.deepEqual([near.readableLength, hasTakenAll], [held, false]);
    const chunks: Buffer[] = [];
    for await (const chunk of near) chunks.push(chunk);
    assert.ok(Buffer.concat(chunks).equals(Buffer.alloc(MUCH, "abc")));
  });

  it("who takes its reads gets what has come before and all that follows, and then comes the end", async () => {
    const { near, far } = await open();
    far.write("early ");
    await waitUntil("it has come", () => near.readableLength > 0);
    const taken: Buffer[] = [];
    near.takeReads((bytes) => taken.push(Buffer.from(bytes)));
    assert.equal(String(taken), "early ");
    far.end(Buffer.alloc(MUCH, "abc"));
    await once(near, "end");
    assert.equal(near.readableLength, 0);
    assert.ok(Buffer.concat(taken).equals(Buffer.concat([Buffer.from("early "), Buffer.alloc(MUCH, "abc")])));
  });

  it("who takes the reads of a stream that had stopped reading gets the rest", async () => {
    const { near, far } = await open();
    far.end(Buffer.alloc(MUCH, "abc"));
    await waitUntil("it has stopped reading", () => near.readableLength > 0);
    const taken: Buffer[] = [];
    near.takeReads((bytes) => taken.push(Buffer.from(bytes)));
    await once(near, "end");
    assert.ok(Buffer.concat(taken).equals(Buffer.alloc(MUCH, "abc")));
  });

  it("the reads of many connections take no memory but one read's", async () => {
    const { near, far } = await open();
    const memories = new Set<ArrayBufferLike>();
    near.takeReads(({ buffer }) => memories.add(buffer));
    const other = await open();
    other.near.takeReads(({ buffer }) => memories.add(buffer));
    far.end(Buffer.alloc(MUCH));
    other.far.end(Buffer.alloc(MUCH));
    await Promise.all([near, other.near].map((socket) => once(socket, "end")));
    assert.equal(memories.size, 1);
  });

  /** Both ends of a new connection. */
  async function open(): Promise<{ readonly near: SharedReadSocket; readonly far: Socket }> {
    const connected = once(server, "connection");
    const near = await connectToSocket(join(folder, "socket"));
    const [far] = await connected;
    return { near, far };
  }
});
