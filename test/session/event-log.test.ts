import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import fc from "fast-check";
import { EventLog } from "../../src/session/event-log.ts";
import type { SessionEvent } from "../../src/session/session-event.ts";

const SESSION = { sessionId: "a".repeat(64), containerId: "web" };
/** The events that a log keeps at the least. */
const KEPT_EVENTS = 4096;

describe("the event log", () => {
  it("numbers events from 1, dates them, and says of which session and container they are", async () => {
    const log = new EventLog();
    const before = Date.now();
    log.add(SESSION, { type: "created" });
    log.add(SESSION, { type: "started", pid: 7 });
    log.close();
    const events: SessionEvent[] = [];
    for await (const event of log.read({ since: 0 })) events.push(event);
    assert.deepEqual(
      events.map(({ time: _time, ...event }) => event),
      [
        { seq: 1, ...SESSION, type: "created" },
        { seq: 2, ...SESSION, type: "started", pid: 7 },
      ],
    );
    for (const { time } of events) {
      assert.equal(new Date(time).toISOString(), time);
      assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
    }
  });

  it("gives every reader the same events, without gap or repeat, whenever it came and however fast it reads", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const log = new EventLog();
        const readers: { readonly since: number; readonly seqs: Promise<number[]> }[] = [];
        let added = 0;
        for (const { kind, count } of steps) {
          if (kind === "add") for (let left = count; left > 0; left--) add(log, ++added);
          if (kind === "read from now") readers.push({ since: added, seqs: readSeqs(log.read()) });
          if (kind === "read from earlier") {
            const since = Math.max(added - count, 0);
            readers.push({ since, seqs: readSeqs(log.read({ since })) });
          }
          if (kind === "let readers read") await new Promise(setImmediate);
        }
        log.close();
        for (const { since, seqs } of readers) {
          assert.deepEqual(
            await seqs,
            Array.from({ length: added - since }, (_, index) => since + 1 + index),
          );
        }
      }),
    );
  });

  it("begins with the call, not with the first event that is asked for", async () => {
    const log = new EventLog();
    add(log, 1);
    const reader = log.read();
    add(log, 2);
    log.close();
    assert.deepEqual(await readSeqs(reader), [2]);
  });

  for (const last of [2 * KEPT_EVENTS, 2 * KEPT_EVENTS + 1, 5 * KEPT_EVENTS]) {
    it(`gives a reader that ${last} events have overtaken the newest, which are kept, in order`, async () => {
      const log = new EventLog();
      for (let seq = 1; seq <= last; seq++) add(log, seq);
      log.close();
      const seqs = await readSeqs(log.read({ since: 0 }));
      assert.ok(seqs.length >= KEPT_EVENTS && seqs.length <= 2 * KEPT_EVENTS, `${seqs.length} are kept`);
      assert.deepEqual(
        seqs,
        Array.from({ length: seqs.length }, (_, index) => last - seqs.length + 1 + index),
      );
    });
  }

  it("takes a number that no event has had yet for the last: it was an earlier service's", async () => {
    const log = new EventLog();
    add(log, 1);
    const reader = readSeqs(log.read({ since: 500 }));
    add(log, 2);
    log.close();
    assert.deepEqual(await reader, [2]);
  });

  for (const since of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "1" as unknown as number]) {
    it(`refuses to read since ${typeof since} ${since}`, async () => {
      await assert.rejects(new EventLog().read({ since }).next(), {
        code: "EXEC_INVALID_ARGUMENT",
        message: /^"since" must be an event's number, or 0 for all that are kept; got .*\.$/,
        details: { field: "since" },
      });
    });
  }

  it("ends a waiting reader when its signal aborts, without error, and leaves no listener", async () => {
    const log = new EventLog();
    const { signal, abort } = abortable();
    const reader = readSeqs(log.read({ since: 0, signal }));
    add(log, 1);
    await new Promise(setImmediate);
    assert.equal(getEventListeners(signal, "abort").length, 1);
    abort();
    assert.deepEqual(await reader, [1]);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  it("gives nothing more once the signal has aborted, also of what is kept, and leaves the other readers alone", async () => {
    const log = new EventLog();
    const { signal, abort } = abortable();
    const other = readSeqs(log.read());
    const seqs: number[] = [];
    for (let seq = 1; seq <= 3; seq++) add(log, seq);
    for await (const { seq } of log.read({ since: 0, signal })) {
      seqs.push(seq);
      abort();
    }
    assert.deepEqual(seqs, [1]);
    assert.deepEqual(await readSeqs(log.read({ since: 0, signal })), []);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    log.close();
    assert.deepEqual(await other, [1, 2, 3]);
  });

  it("leaves no listener behind a reader that stops by itself", async () => {
    const log = new EventLog();
    const { signal } = abortable();
    add(log, 1);
    for await (const _event of log.read({ since: 0, signal })) break;
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  it("ends its readers at close, once they have had what is kept", async () => {
    const log = new EventLog();
    const waiting = readSeqs(log.read({ since: 0 }));
    add(log, 1);
    log.close();
    assert.deepEqual([await waiting, await readSeqs(log.read({ since: 0 }))], [[1], [1]]);
  });
});

const step = fc.record({
  kind: fc.constantFrom("add", "read from now", "read from earlier", "let readers read"),
  count: fc.integer({ min: 1, max: 5 }),
});

/** Adds an event that says its own number, so that a wrong number shows. */
function add(log: EventLog, seq: number): void {
  log.add(SESSION, { type: "started", pid: seq });
}

async function readSeqs(reader: AsyncIterable<SessionEvent>): Promise<number[]> {
  const seqs: number[] = [];
  for await (const event of reader) {
    assert.ok(event.type === "started");
    assert.equal(event.seq, event.pid);
    seqs.push(event.seq);
  }
  return seqs;
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
