import assert from "node:assert/strict";
import type { OutputLimits } from "../../src/session/exec-config.ts";
import { NO_OUTPUT } from "../../src/session/exec-session.ts";
import type { OutputChunk, OutputLog, OutputLogOptions, OutputLogs } from "../../src/session/output-log.ts";
import { appendKnown, bytesAt, KnownReading, readKnown } from "./known-output.ts";

const KIB = 1024;
/** The smallest log there can be; its segments are as large as itself. */
const SMALL_LOG: OutputLimits = { maxBytes: 64 * KIB, replayBytes: 0, policy: "dropOldest" };
const LARGE_LOG: OutputLimits = { maxBytes: 16 * KIB * KIB, replayBytes: KIB * KIB, policy: "dropOldest" };

/** Output logs to be tested, and a bundle for one of them. */
export interface LogsUnderTest {
  readonly logs: OutputLogs;
  readonly bundle: string;
  dispose(): Promise<void>;
}

/** What every implementation of OutputLogs does. */
export function describeOutputLogs(title: string, open: () => Promise<LogsUnderTest>): void {
  describe(`${title}: the contract of output logs`, () => {
    let world: LogsUnderTest;
    let told: string[];
    const created: OutputLog[] = [];

    beforeEach(async () => {
      world = await open();
      told = [];
    });

    afterEach(async () => {
      for (const log of created.splice(0)) await log.close();
      await world.dispose();
    });

    function optionsFor(limits: OutputLimits): OutputLogOptions {
      const observer = {
        onLimit: () => told.push("limit"),
        onError: (error: Error) => told.push(error.message),
      };
      return { bundle: world.bundle, limits, observer };
    }

    function createLog(limits: Partial<OutputLimits> = {}): OutputLog {
      const log = world.logs.create(optionsFor({ ...LARGE_LOG, ...limits }));
      created.push(log);
      return log;
    }

    async function reopen(totals = NO_OUTPUT): Promise<OutputLog> {
      const log = await world.logs.open({ ...optionsFor(LARGE_LOG), totals });
      created.push(log);
      return log;
    }

    describe("reading", () => {
      it("a reader gets every byte in order, each with its stream", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 10);
        appendKnown(log, "stderr", 5000);
        appendKnown(log, "stdout", 70_000);
        await log.finish();
        assert.deepEqual((await readKnown(log)).ranges, [
          { kind: "stdout", from: 0, to: 10 },
          { kind: "stderr", from: 10, to: 5010 },
          { kind: "stdout", from: 5010, to: 75_010 },
        ]);
      });

      it("a reader at an offset gets the rest of the piece that holds it, live and from a finished log", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 100);
        appendKnown(log, "stdout", 100_000);
        const live = log.read({ offset: 70_003 })[Symbol.asyncIterator]();
        const first = new KnownReading(70_003);
        first.add(await nextChunk(live));
        assert.deepEqual(first.ranges, [{ kind: "stdout", from: 70_003, to: 100_100 }]);
        await live.return?.();
        await log.finish();
        assert.deepEqual((await readKnown(log, 99)).ranges, [{ kind: "stdout", from: 99, to: 100_100 }]);
      });

      it("a reader at the live edge waits for output, and ends when the log is finished", async () => {
        const log = createLog();
        const reading = readKnown(log);
        appendKnown(log, "stdout", 3);
        await turnOfTheLoop();
        appendKnown(log, "stderr", 4);
        await turnOfTheLoop();
        await log.finish();
        assert.deepEqual((await reading).ranges, [
          { kind: "stdout", from: 0, to: 3 },
          { kind: "stderr", from: 3, to: 7 },
        ]);
      });

      it("a reader beyond the end waits for its offset, and ends without it if the log does", async () => {
        const log = createLog();
        const reading = readKnown(log, 50);
        const beyond = readKnown(log, 1000);
        appendKnown(log, "stdout", 40);
        appendKnown(log, "stdout", 40);
        await log.finish();
        assert.deepEqual((await reading).ranges, [{ kind: "stdout", from: 50, to: 80 }]);
        assert.deepEqual((await beyond).ranges, []);
      });

      it("a reader whose signal aborts ends without an error, waiting or not", async () => {
        const log = createLog();
        const controller = new AbortController();
        const waiting = collect(log.read({ signal: controller.signal }));
        appendKnown(log, "stdout", 3);
        await turnOfTheLoop();
        controller.abort();
        assert.equal((await waiting).length, 1);
        assert.deepEqual(await collect(log.read({ signal: controller.signal })), []);
      });

      it("a reader that is told to return while it waits ends at once", async () => {
        const log = createLog();
        const reader = log.read()[Symbol.asyncIterator]();
        const waiting = reader.next();
        await turnOfTheLoop();
        await reader.return?.();
        assert.deepEqual(await waiting, { done: true, value: undefined });
      });

      it("a reader that stands still keeps no other reader back", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 10);
        const idle = log.read()[Symbol.asyncIterator]();
        await idle.next();
        const reading = readKnown(log);
        for (let piece = 0; piece < 100; piece++) appendKnown(log, "stdout", 60_000);
        await log.finish();
        assert.equal((await reading).at, 6_000_010);
        assert.equal((await nextChunk(idle)).offset, 10);
        await idle.return?.();
      });

      it("a piece that has been read does not change when more is appended to it", async () => {
        const log = createLog();
        log.append("stdout", Buffer.from("one"));
        const reader = log.read()[Symbol.asyncIterator]();
        const chunk = await nextChunk(reader);
        log.append("stdout", Buffer.from("two"));
        assert.ok(chunk.kind === "data" && chunk.data.toString() === "one");
        assert.deepEqual(await reader.next(), {
          done: false,
          value: { kind: "data", stream: "stdout", offset: 3, data: Buffer.from("two") },
        });
        await reader.return?.();
      });

      it("a piece that has been read is its reader's: the log and other readers have their own", async () => {
        const log = createLog({ replayBytes: 0 });
        appendKnown(log, "stdout", 50_000);
        log.register("consumer", 0);
        const readers = [log.read(), log.read()].map((chunks) => chunks[Symbol.asyncIterator]());
        for (const reader of readers) {
          const chunk = await nextChunk(reader);
          assert.ok(chunk.kind === "data" && chunk.data.equals(bytesAt(0, 50_000)));
          chunk.data.fill(0);
          await reader.return?.();
        }
        const kept = log.read()[Symbol.asyncIterator]();
        const chunk = await nextChunk(kept);
        log.advance("consumer", 50_000);
        assert.equal(log.totals.firstOffset, 50_000);
        assert.ok(chunk.kind === "data" && chunk.data.equals(bytesAt(0, 50_000)));
        await kept.return?.();
      });

      it("a borrowed piece stays as it is until the next one is asked for, whatever becomes of the log", async () => {
        const log = createLog(SMALL_LOG);
        appendKnown(log, "stdout", 50_000);
        appendKnown(log, "stdout", 50_000);
        const readers = [0, 0, 50_000].map((offset) =>
          log.read({ offset, borrow: true })[Symbol.asyncIterator](),
        );
        const borrowed = await Promise.all(readers.map(nextChunk));
        for (let piece = 0; piece < 100; piece++) appendKnown(log, "stdout", 50_000);
        await log.finish();
        assert.ok(log.totals.firstOffset > 100_000);
        await readers[0]?.return?.();
        await log.close({ discard: true });
        for (const chunk of borrowed.slice(1)) {
          assert.ok(chunk.kind === "data" && chunk.data.equals(bytesAt(chunk.offset, 50_000)));
        }
        for (const reader of readers) await reader.return?.();
      });

      it("a borrowed piece is the log's own, and its memory goes with the log's", async () => {
        const log = createLog({ replayBytes: 0 });
        appendKnown(log, "stdout", 50_000);
        appendKnown(log, "stdout", 50_000);
        log.register("consumer", 0);
        const reader = log.read({ borrow: true })[Symbol.asyncIterator]();
        const first = await nextChunk(reader);
        await nextChunk(reader);
        assert.ok(first.kind === "data" && first.data.equals(bytesAt(0, 50_000)));
        log.advance("consumer", 50_000);
        assert.equal(first.data.length, 0);
        await reader.return?.();
      });

      it("a borrowed piece that the log has dropped meanwhile is freed once it is given back", async () => {
        const log = createLog({ replayBytes: 0 });
        appendKnown(log, "stdout", 50_000);
        log.register("consumer", 0);
        const readers = [log.read({ borrow: true }), log.read({ borrow: true })].map((chunks) =>
          chunks[Symbol.asyncIterator](),
        );
        const pieces = await Promise.all(readers.map(nextChunk));
        log.advance("consumer", 50_000);
        for (const [index, piece] of pieces.entries()) {
          assert.ok(piece.kind === "data" && piece.data.equals(bytesAt(0, 50_000)));
          await readers[index]?.return?.();
        }
        assert.deepEqual(
          pieces.map((piece) => piece.kind === "data" && piece.data.length),
          [0, 0],
        );
      });

      it("many small pieces of one stream are read as few", async () => {
        const log = createLog();
        for (let byte = 0; byte < 50_000; byte++) appendKnown(log, "stdout", 1);
        const live = new KnownReading();
        const reader = log.read()[Symbol.asyncIterator]();
        while (live.at < 50_000) live.add(await nextChunk(reader));
        await reader.return?.();
        await log.finish();
        const late = await readKnown(log);
        assert.equal(late.at, 50_000);
        assert.ok(
          live.chunks <= 5 && late.chunks === 1,
          `${live.chunks} live and ${late.chunks} late chunks`,
        );
      });
    });

    describe("limits", () => {
      it("beyond maxBytes the oldest output goes, is counted, and shows as a gap", async () => {
        const log = createLog(SMALL_LOG);
        for (let piece = 0; piece < 100; piece++) appendKnown(log, "stdout", 10_000);
        await log.finish();
        const { firstOffset, truncated } = log.totals;
        assert.equal(truncated, firstOffset);
        assert.ok(1_000_000 - firstOffset >= 64 * KIB, `${firstOffset} leaves too little`);
        assert.ok(1_000_000 - firstOffset <= 2 * 64 * KIB + 10_000, `${firstOffset} leaves too much`);
        assert.deepEqual((await readKnown(log)).ranges, [
          { kind: "gap", from: 0, to: firstOffset },
          { kind: "stdout", from: firstOffset, to: 1_000_000 },
        ]);
      });

      it("what every consumer has passed is kept only replayBytes back, and does not count as truncated", async () => {
        const log = createLog({ replayBytes: 100_000 });
        log.register("fast", 0);
        log.register("slow", 0);
        for (let piece = 0; piece < 20; piece++) appendKnown(log, "stdout", 50_000);
        log.advance("fast", 1_000_000);
        assert.deepEqual(pick(log), { firstOffset: 0, truncated: 0 });
        log.advance("slow", 600_000);
        assert.deepEqual(pick(log), { firstOffset: 500_000, truncated: 0 });
        log.unregister("slow");
        assert.deepEqual(pick(log), { firstOffset: 900_000, truncated: 0 });
      });

      it("a consumer that is overtaken gets a gap, and only what it had not read counts as truncated", async () => {
        const log = createLog(SMALL_LOG);
        log.register("consumer", 0);
        appendKnown(log, "stdout", 60_000);
        log.advance("consumer", 40_000);
        for (let piece = 0; piece < 20; piece++) appendKnown(log, "stdout", 60_000);
        const { firstOffset, truncated } = log.totals;
        assert.equal(truncated, firstOffset - 40_000);
        await log.finish();
        assert.deepEqual((await readKnown(log, log.position("consumer"))).ranges, [
          { kind: "gap", from: 40_000, to: firstOffset },
          { kind: "stdout", from: firstOffset, to: 1_260_000 },
        ]);
      });

      it("under `block` a full log takes no more until its slowest consumer goes on", async () => {
        const log = createLog({ ...SMALL_LOG, policy: "block" });
        log.register("fast", 0);
        log.register("slow", 0);
        assert.equal(appendKnown(log, "stdout", 64 * KIB - 1), true);
        assert.equal(appendKnown(log, "stdout", 1), false);
        log.advance("fast", 64 * KIB);
        const room = settles(log.room());
        await turnOfTheLoop();
        assert.equal(room.hasSettled, false);
        log.advance("slow", 1);
        await room.promise;
        assert.equal(appendKnown(log, "stdout", 1), false);
        log.unregister("slow");
        await log.room();
        assert.equal(log.totals.truncated, 0);
      });

      it("under `block` and without a consumer, everything kept is unread and nothing is dropped", async () => {
        const log = createLog({ ...SMALL_LOG, policy: "block" });
        assert.equal(appendKnown(log, "stdout", 64 * KIB), false);
        assert.equal(appendKnown(log, "stdout", 64 * KIB), false);
        assert.deepEqual(pick(log), { firstOffset: 0, truncated: 0 });
        log.register("consumer", 0);
        log.advance("consumer", 100_000);
        await log.room();
        assert.equal(log.totals.truncated, 0);
      });

      it("a consumer that reads fast is waited for until it is near, and only for a moment if it stops", async () => {
        const log = createLog();
        log.register("consumer", 0);
        for (let piece = 0; piece < 32; piece++) assert.equal(appendKnown(log, "stdout", 64 * KIB), true);
        const stepUntilHeldBack = () => {
          // A busy machine may take longer between the two than the moment lasts.
          for (let step = 1; step < 20; step++) {
            log.advance("consumer", (log.position("consumer") ?? 0) + 64 * KIB);
            if (!appendKnown(log, "stdout", 64 * KIB)) return;
          }
          assert.fail("it is never waited for");
        };
        stepUntilHeldBack();
        await log.room();
        stepUntilHeldBack();
        log.advance("consumer", log.totals.stdoutBytes);
        assert.equal(appendKnown(log, "stdout", 64 * KIB), true);
      });

      it("under `stop` the limit is told once, when unread output passes it, and the newest output is kept", async () => {
        const log = createLog({ ...SMALL_LOG, policy: "stop" });
        log.register("consumer", 0);
        appendKnown(log, "stdout", 64 * KIB);
        log.advance("consumer", 10);
        appendKnown(log, "stdout", 10);
        assert.deepEqual(told, []);
        appendKnown(log, "stdout", 1);
        assert.deepEqual(told, ["limit"]);
        for (let piece = 0; piece < 10; piece++) appendKnown(log, "stdout", 60_000);
        assert.deepEqual(told, ["limit"]);
        assert.equal(log.totals.truncated, log.totals.firstOffset - 10);
        assert.ok(log.totals.firstOffset > 500_000);
      });

      it("a consumer goes neither back nor beyond the output there is, except by registering again", () => {
        const log = createLog();
        appendKnown(log, "stdout", 100);
        assert.equal(log.position("consumer"), undefined);
        log.advance("consumer", 10);
        assert.equal(log.position("consumer"), undefined);
        log.register("consumer", 1000);
        assert.equal(log.position("consumer"), 100);
        log.register("consumer", 50);
        log.advance("consumer", 20);
        log.advance("consumer", Number.NaN);
        assert.equal(log.position("consumer"), 50);
        log.advance("consumer", 1000);
        assert.equal(log.position("consumer"), 100);
        log.unregister("consumer");
        assert.equal(log.position("consumer"), undefined);
      });
    });

    describe("the end", () => {
      it("a finished log takes no more output and waits for no room", async () => {
        const log = createLog({ ...SMALL_LOG, policy: "block" });
        assert.equal(appendKnown(log, "stdout", 64 * KIB), false);
        const room = log.room();
        await Promise.all([log.finish(), log.finish(), room]);
        assert.equal(appendKnown(log, "stdout", 1), false);
        assert.equal(log.totals.stdoutBytes, 64 * KIB);
      });

      it("a log without output is finished and opened like any other", async () => {
        const log = createLog();
        log.append("stdout", Buffer.alloc(0));
        await log.finish();
        assert.deepEqual(await collect(log.read()), []);
        const reopened = await reopen();
        assert.deepEqual(await collect(reopened.read()), []);
        assert.deepEqual(reopened.totals, NO_OUTPUT);
      });

      it("closing ends every reader and loses nothing", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 100_000);
        const reading = readKnown(log);
        const idle = log.read()[Symbol.asyncIterator]();
        await turnOfTheLoop();
        await log.close();
        await reading;
        assert.deepEqual(await idle.next(), { done: true, value: undefined });
        const reopened = await reopen(log.totals);
        assert.equal((await readKnown(reopened)).at, 100_000);
        await reopened.close();
        assert.deepEqual(await collect(reopened.read()), []);
      });

      it("a reopened log gives every byte with its stream, and has the same totals", async () => {
        const log = createLog(SMALL_LOG);
        for (let piece = 0; piece < 30; piece++) {
          appendKnown(log, "stdout", 10_007);
          appendKnown(log, "stderr", 503);
        }
        await log.finish();
        const before = await readKnown(log);
        await log.close();
        const reopened = await reopen(log.totals);
        assert.deepEqual(reopened.totals, log.totals);
        assert.deepEqual((await readKnown(reopened)).ranges, before.ranges);
        assert.equal(reopened.append("stdout", Buffer.from("late")), false);
        await Promise.all([reopened.room(), reopened.finish()]);
      });

      it("a log that holds more than its record says is believed, stream by stream", async () => {
        const log = createLog(SMALL_LOG);
        for (let piece = 0; piece < 30; piece++) {
          appendKnown(log, "stdout", 10_007);
          appendKnown(log, "stderr", 503);
        }
        await log.finish();
        const reopened = await reopen({ ...NO_OUTPUT, stdoutBytes: 10_007 });
        assert.deepEqual(reopened.totals, { ...log.totals, truncated: 0 });
      });

      it("what the record knows of and the log lacks is a gap at the end, and counts as truncated", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 100);
        await log.finish();
        const totals = { stdoutBytes: 150, stderrBytes: 20, firstOffset: 10, truncated: 3 };
        const reopened = await reopen(totals);
        assert.deepEqual(reopened.totals, { ...totals, truncated: 73 });
        assert.deepEqual((await readKnown(reopened)).ranges, [
          { kind: "gap", from: 0, to: 10 },
          { kind: "stdout", from: 10, to: 100 },
          { kind: "gap", from: 100, to: 170 },
        ]);
      });

      it("output that was deleted with its session's files is one gap, and does not count as truncated", async () => {
        const totals = { stdoutBytes: 150, stderrBytes: 20, firstOffset: 170, truncated: 0 };
        const reopened = await reopen(totals);
        assert.deepEqual(reopened.totals, totals);
        assert.deepEqual((await readKnown(reopened)).ranges, [{ kind: "gap", from: 0, to: 170 }]);
      });

      it("a consumer's position outlives the log, again and again, until it is unregistered", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 100_000);
        for (const consumer of ["far", "beginning", "forgotten", "__proto__"]) log.register(consumer, 0);
        log.advance("far", 70_000);
        log.advance("forgotten", 50);
        log.advance("__proto__", 60);
        log.unregister("forgotten");
        await log.close();
        const ended = await reopen(log.totals);
        const names = ["far", "beginning", "forgotten", "__proto__"];
        assert.deepEqual(
          names.map((name) => ended.position(name) ?? 0),
          [70_000, 0, 0, 60],
        );
        ended.advance("far", 80_000);
        ended.unregister("__proto__");
        await ended.close();
        const again = await reopen(log.totals);
        assert.deepEqual(
          names.map((name) => again.position(name) ?? 0),
          [80_000, 0, 0, 0],
        );
        again.register("far", 0);
        await again.close();
        assert.equal((await reopen(log.totals)).position("far") ?? 0, 0);
      });

      it("the positions in a log that is about to be deleted are not kept", async () => {
        const log = createLog();
        appendKnown(log, "stdout", 100);
        log.register("consumer", 50);
        await log.close({ discard: true });
        assert.equal((await reopen(log.totals)).position("consumer"), undefined);
      });

      it("the consumers of a reopened log have their positions, and none makes it drop output", async () => {
        const log = createLog(SMALL_LOG);
        appendKnown(log, "stdout", 100_000);
        await log.finish();
        const reopened = await reopen(log.totals);
        reopened.register("consumer", 10);
        reopened.advance("consumer", 200_000);
        assert.equal(reopened.position("consumer"), 100_000);
        assert.equal((await readKnown(reopened, log.totals.firstOffset)).at, 100_000);
        reopened.unregister("consumer");
        assert.equal(reopened.position("consumer"), undefined);
      });
    });
  });
}

/** The next chunk of a reader that must not have ended. */
async function nextChunk(reader: AsyncIterator<OutputChunk>): Promise<OutputChunk> {
  const { done, value } = await reader.next();
  if (done) assert.fail("the reader has ended");
  return value;
}

async function collect(chunks: AsyncIterable<OutputChunk>): Promise<readonly OutputChunk[]> {
  const collected: OutputChunk[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}

function pick(log: OutputLog): { firstOffset: number; truncated: number } {
  const { firstOffset, truncated } = log.totals;
  return { firstOffset, truncated };
}

function settles(promise: Promise<void>): { readonly promise: Promise<void>; hasSettled: boolean } {
  const watched = { promise, hasSettled: false };
  void promise.then(() => {
    watched.hasSettled = true;
  });
  return watched;
}

/** Everything that is ready to happen happens. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
