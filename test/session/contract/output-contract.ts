import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { OutputChunk } from "../../../src/session/output-log.ts";
import { waitUntil } from "../../support/wait-until.ts";
import {
  bytesOf,
  chunksOf,
  eachWorld,
  type OpenContractWorld,
  RUNS,
  startSession,
  target,
  textOf,
} from "./contract-world.ts";

const KIB = 1024;
/** More than any buffer on the way holds. */
const MUCH = 8 * 1024 * KIB;
/** The least that a log may be limited to. */
const TIGHT = { maxBytes: 64 * KIB, replayBytes: 0 } as const;

/** What attachments read. */
export function describeOutputContract(open: OpenContractWorld): void {
  describe("a session's output", () => {
    const world = eachWorld(open);

    it("reaches whoever starts and attaches from the first byte to the last, and then comes the end", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), RUNS);
      const attachment = await service.startAndAttach(id.slice(0, 20));
      const process = machine.process();
      process.stdout?.write("first ");
      process.stdout?.write("last");
      process.exit(0);
      assert.equal(attachment.sessionId, id);
      assert.equal(await textOf(attachment), "first last");
      assert.deepEqual(await attachment.ended, { kind: "ended", end: await service.wait(id) });
    });

    it("reaches any number of readers, each from its own offset, before and after the end", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), RUNS);
      const waiting = await service.attach(id);
      await service.start(id);
      const early = await service.attach(id, { offset: 3 });
      machine.process().stdout?.write("0123456789");
      machine.process().exit(0);
      await service.wait(id);
      const late = await service.attach(id, { offset: 7 });
      const beyond = await service.attach(id, { offset: 10 });
      assert.deepEqual(await Promise.all([waiting, early, late, beyond].map(textOf)), [
        "0123456789",
        "3456789",
        "789",
        "",
      ]);
    });

    it("comes in its streams and in order, every chunk with the offset of its first byte", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      const attachment = await service.attach(id);
      const process = machine.process();
      for (let turn = 0; turn < 10; turn++) {
        process.stdout?.write(`out ${turn};`);
        await setImmediate();
        process.stderr?.write(`error ${turn};`);
        await setImmediate();
      }
      process.exit(0);
      const chunks = await chunksOf(attachment);
      const texts = { stdout: "", stderr: "" };
      let offset = 0;
      for (const chunk of chunks) {
        assert.ok(chunk.kind === "data");
        assert.equal(chunk.offset, offset);
        offset += chunk.data.length;
        texts[chunk.stream] += chunk.data;
      }
      const turns = Array.from({ length: 10 }, (_, turn) => turn);
      assert.equal(texts.stdout, turns.map((turn) => `out ${turn};`).join(""));
      assert.equal(texts.stderr, turns.map((turn) => `error ${turn};`).join(""));
    });

    it("is the same bytes however many there are and however they were cut", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), RUNS);
      const attachment = await service.startAndAttach(id, { consumer: "hash" });
      const hash = createHash("sha256");
      const reading = (async () => {
        for await (const chunk of attachment) {
          assert.ok(chunk.kind === "data");
          hash.update(chunk.data);
          attachment.advance(chunk.offset + chunk.data.length);
        }
      })();
      const expected = createHash("sha256");
      const process = machine.process();
      let written = 0;
      for (const size of sizesUpTo(MUCH)) {
        const bytes = randomBytes(size);
        expected.update(bytes);
        written += size;
        if (process.stdout?.write(bytes) === false)
          await new Promise((resolve) => process.stdout?.once("drain", resolve));
      }
      process.exit(0);
      await reading;
      assert.equal(hash.digest("hex"), expected.digest("hex"));
      assert.equal((await service.inspect(id)).output.stdoutBytes, written);
    });

    for (const borrow of [false, true]) {
      const time = borrow
        ? "until the next chunk is asked for, if it is borrowed"
        : "for ever once it is read";
      it(`stays as it is ${time}, whatever becomes of the session`, async () => {
        const { service, machine } = world.current;
        const id = await startSession(world.current, { ...RUNS, output: TIGHT });
        const attachment = await service.attach(id, { borrow });
        const chunks = attachment[Symbol.asyncIterator]();
        const written = randomBytes(60_000);
        machine.process().stdout?.write(Buffer.from(written));
        const { value: chunk } = await chunks.next();
        machine.process().stdout?.write(Buffer.alloc(MUCH));
        machine.process().exit(0);
        await service.wait(id);
        if (!borrow) await chunks.next();
        await service.remove(id);
        assert.ok(chunk?.kind === "data" && chunk.data.length > 0);
        assert.deepEqual(chunk.data, written.subarray(0, chunk.data.length));
        attachment.close();
      });
    }

    it("that is no longer kept is told as a gap, and counted in the end record", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, { ...RUNS, output: TIGHT });
      const unread = await service.attach(id, { consumer: "slow" });
      machine.process().stdout?.write(Buffer.alloc(1000 * KIB, "a"));
      machine.process().stdout?.write("end");
      machine.process().exit(0);
      const end = await service.wait(id);
      const chunks = await chunksOf(unread);
      assert.deepEqual(kindsOf(chunks), ["gap", "data"]);
      assert.equal(
        chunks.reduce((bytes, chunk) => bytes + lengthOf(chunk), 0),
        1000 * KIB + 3,
      );
      assert.ok(end.truncated > 0);
      assert.equal((await bytesOf(await service.attach(id, { offset: 1000 * KIB }))).toString(), "end");
    });

    it("is read on by a consumer from where it has come to, until it is forgotten", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      machine.process().stdout?.write("0123456789");
      const begin = async (options: { readonly advance: number; readonly forget: boolean }) => {
        const attachment = await service.attach(id, { consumer: "flow" });
        for await (const chunk of attachment) {
          attachment.advance(chunk.offset + options.advance);
          attachment.close(options);
          return chunk.offset;
        }
        return undefined;
      };
      assert.equal(await begin({ advance: 4, forget: false }), 0);
      await waitUntil("it has come to 4", async () => (await begin({ advance: 0, forget: false })) === 4);
      assert.equal(await begin({ advance: -2, forget: true }), 4);
      await waitUntil("it begins anew", async () => (await begin({ advance: 0, forget: false })) === 0);
    });

    it("is acknowledged by a consumer also after the session's end, until it closes its attachment", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      const attach = () => service.attach(id, { consumer: "flow" });
      const first = await attach();
      machine.process().stdout?.write("0123456789");
      machine.process().exit(0);
      assert.equal(await textOf(first), "0123456789");
      assert.equal((await first.ended).kind, "ended");
      first.advance(7);
      first.close();
      first.advance(9);
      first.close({ forget: true });
      await waitUntil("it goes on at 7", async () => {
        const next = await attach();
        const text = await textOf(next);
        next.close();
        return text === "789";
      });
      const last = await attach();
      assert.equal(await textOf(last), "789");
      last.advance(10);
      last.close({ forget: true });
      await waitUntil("it begins anew", async () => {
        const next = await attach();
        const text = await textOf(next);
        next.close();
        return text === "0123456789";
      });
    });

    it("holds the command back under the policy block until its consumer has read it", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, { ...RUNS, output: { ...TIGHT, policy: "block" } });
      const attachment = await service.attach(id, { consumer: "slow" });
      const { stdout } = machine.process();
      let isFull = false;
      const writing = (async () => {
        for (let block = 0; block < 64; block++) {
          if (stdout?.write(Buffer.alloc(16 * KIB)) === false) {
            isFull = true;
            await new Promise((resolve) => stdout.once("drain", resolve));
          }
        }
        machine.process().exit(0);
      })();
      await waitUntil("the command is held back", () => isFull);
      let read = 0;
      for await (const chunk of attachment) {
        assert.equal(chunk.kind, "data");
        read += lengthOf(chunk);
        attachment.advance(read);
      }
      await writing;
      assert.equal(read, 64 * 16 * KIB);
    });

    it("goes on for others when one reader stops reading or leaves", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      const stopped = (await service.attach(id))[Symbol.asyncIterator]();
      const leaving = await service.attach(id);
      const patient = await service.attach(id);
      const reading = textOf(patient);
      machine.process().stdout?.write("a");
      assert.equal((await stopped.next()).done, false);
      leaving.close();
      assert.deepEqual(await leaving.ended, { kind: "detached", by: "close" });
      assert.equal(await textOf(leaving), "");
      machine.process().stdout?.write(Buffer.alloc(4 * 1024 * KIB, "b"));
      machine.process().exit(0);
      assert.equal((await reading).length, 1 + 4 * 1024 * KIB);
      await stopped.return?.();
      assert.equal((await service.wait(id)).exitCode, 0);
    });

    it("ends for a reader that waits when it closes its attachment itself", async () => {
      const { service } = world.current;
      const id = await startSession(world.current);
      const attachment = await service.attach(id);
      const reading = textOf(attachment);
      await setImmediate();
      attachment.close();
      assert.equal(await reading, "");
      assert.deepEqual(await attachment.ended, { kind: "detached", by: "close" });
    });

    it("ends for its readers when the session is removed, with its end record if it had one", async () => {
      const { service, machine } = world.current;
      const unstarted = await service.create(target(), RUNS);
      const before = await service.attach(unstarted.id);
      const reading = textOf(before);
      await service.remove(unstarted.id);
      assert.equal(await reading, "");
      assert.deepEqual(await before.ended, { kind: "removed", end: null });

      const id = await startSession(world.current);
      const after = await service.attach(id);
      machine.process().exit(4);
      const end = await service.wait(id);
      await service.remove(id);
      assert.equal(await textOf(after), "");
      assert.deepEqual(await after.ended, { kind: "removed", end });
    });

    it("is gone after a cleanup, and the record is not", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      machine.process().stdout?.write("0123456789");
      machine.process().exit(0);
      await service.wait(id);
      await service.cleanup(id);
      assert.deepEqual(await chunksOf(await service.attach(id)), [{ kind: "gap", offset: 0, bytes: 10 }]);
      assert.equal((await service.inspect(id)).ExitCode, 0);
    });
  });
}

/** Every size around the limits that buffers, pipes and frames have, then large ones. */
function sizesUpTo(bytes: number): number[] {
  const edges = [1, 7, 8, 9, 4095, 4096, 4097, 8191, 8192, 8193, 65_535, 65_536, 65_537];
  const sizes = [...edges];
  for (let sum = edges.reduce((a, b) => a + b); sum < bytes; sum += 300 * KIB) sizes.push(300 * KIB);
  return sizes;
}

function lengthOf(chunk: OutputChunk): number {
  return chunk.kind === "data" ? chunk.data.length : chunk.bytes;
}

/** The kinds of the chunks, each run of one kind once. */
function kindsOf(chunks: readonly OutputChunk[]): string[] {
  return chunks.map(({ kind }) => kind).filter((kind, index, kinds) => kind !== kinds[index - 1]);
}
