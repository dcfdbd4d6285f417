import assert from "node:assert/strict";
import fc from "fast-check";
import { AgingSessions } from "../../src/session/aging-sessions.ts";
import type { LiveSession } from "../../src/session/live-session.ts";
import { DEFAULT_RETENTION } from "../../src/session/retention.ts";
import { createLiveSession } from "../support/live-session.ts";
import { EXITED } from "../support/sample-end.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = { wallMs: Date.parse("2026-01-02T00:00:00.000Z"), uptimeMs: 1_000_000 };
const FOR_EVER = Number.POSITIVE_INFINITY;
const ANY_NUMBER = Number.POSITIVE_INFINITY;

type Limits = ConstructorParameters<typeof AgingSessions>[0];

describe("ended sessions", () => {
  it("are kept for a week, and a thousand of them, unless something else is said", () => {
    assert.deepEqual(DEFAULT_RETENTION, { maxEnded: 1000, maxAgeMs: 7 * DAY_MS, everyMs: DAY_MS / 24 });
  });

  it("are kept up to their number, the newest of them", () => {
    const sessions = endedAgo([30, 20, 10]);
    assert.deepEqual(taken(sessions, { maxCount: 2, maxAgeMs: FOR_EVER }), [0]);
    assert.deepEqual(taken(sessions, { maxCount: 0, maxAgeMs: FOR_EVER }), [0, 1, 2]);
    assert.deepEqual(taken(sessions, { maxCount: 3, maxAgeMs: FOR_EVER }), []);
  });

  it("are kept up to their age, that age included", () => {
    const sessions = endedAgo([30, 20, 10]);
    assert.deepEqual(taken(sessions, { maxCount: ANY_NUMBER, maxAgeMs: 20 }), [0]);
    assert.deepEqual(taken(sessions, { maxCount: ANY_NUMBER, maxAgeMs: 9 }), [0, 1, 2]);
  });

  it("age by the time that passes, whatever the clock is set to meanwhile", () => {
    const day = 24 * 60 * 60 * 1000;
    const [ended] = endedAgo([0]);
    assert.ok(ended !== undefined);
    for (const [clockMs, passedMs, count] of [
      [400 * day, day, 0],
      [-400 * day, day, 0],
      [-400 * day, 8 * day, 1],
    ] as const) {
      const sessions = new AgingSessions({ maxCount: 1000, maxAgeMs: DEFAULT_RETENTION.maxAgeMs });
      sessions.add(ended, NOW);
      const later = { wallMs: NOW.wallMs + passedMs + clockMs, uptimeMs: NOW.uptimeMs + passedMs };
      assert.equal(sessions.takeExpired(later).length, count);
    }
  });

  it("that have ended in what is the future by now are new", () => {
    const sessions = new AgingSessions({ maxCount: 1000, maxAgeMs: DEFAULT_RETENTION.maxAgeMs });
    for (const session of endedAgo([0])) sessions.add(session, { ...NOW, wallMs: NOW.wallMs - 1e12 });
    assert.deepEqual(sessions.takeExpired(NOW), []);
  });

  it("are taken out once", () => {
    const ended = new AgingSessions({ maxCount: 0, maxAgeMs: FOR_EVER });
    for (const session of endedAgo([20, 10])) ended.add(session, NOW);
    assert.equal(ended.takeExpired(NOW).length, 2);
    assert.equal(ended.takeExpired(NOW).length, 0);
  });

  it("that were removed otherwise are no longer counted", () => {
    const ended = new AgingSessions({ maxCount: 1, maxAgeMs: FOR_EVER });
    const [older, newer] = endedAgo([20, 10]);
    assert.ok(older !== undefined && newer !== undefined);
    ended.add(older, NOW);
    ended.add(newer, NOW);
    ended.delete(older);
    assert.deepEqual(ended.takeExpired(NOW), []);
  });

  it("that are being read stay until they are not, and no newer one goes in their place", async () => {
    const ended = new AgingSessions({ maxCount: 1, maxAgeMs: FOR_EVER });
    const sessions = endedAgo([30, 20, 10]);
    for (const session of sessions) ended.add(session, NOW);
    await sessions[0]?.output.acquire();
    assert.deepEqual(ended.takeExpired(NOW), [sessions[1]]);
    await sessions[0]?.output.release();
    assert.deepEqual(ended.takeExpired(NOW), [sessions[0]]);
    assert.deepEqual(ended.takeExpired(NOW), []);
  });

  it("go if they are too old or older than the newest so many, and are not being read", async () => {
    const world = fc.record({
      ages: fc.array(fc.nat({ max: 20 }), { maxLength: 8 }).map((ages) => ages.sort((a, b) => b - a)),
      isRead: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      maxCount: fc.nat({ max: 8 }),
      maxAgeMs: fc.nat({ max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ ages, isRead, ...limits }) => {
        const sessions = endedAgo(ages);
        for (const [index, session] of sessions.entries()) {
          if (isRead[index]) await session.output.acquire();
        }
        const expired = ages.flatMap((age, index) => {
          const isExpired = age > limits.maxAgeMs || ages.length - index > limits.maxCount;
          return isExpired && !isRead[index] ? [index] : [];
        });
        assert.deepEqual(taken(sessions, limits), expired);
      }),
    );
  });
});

/** Sessions that ended so many milliseconds before NOW, the first of them first. */
function endedAgo(ages: readonly number[]): LiveSession[] {
  return ages.map((age, index) =>
    createLiveSession({
      id: String(index).padStart(64, "0"),
      state: "stopped",
      end: { ...EXITED, endedAt: new Date(NOW.wallMs - age).toISOString() },
    }),
  );
}

/** Which of the sessions, by their place, are to be removed. */
function taken(sessions: readonly LiveSession[], limits: Limits): number[] {
  const ended = new AgingSessions(limits);
  for (const session of sessions) ended.add(session, NOW);
  return ended.takeExpired(NOW).map((session) => sessions.indexOf(session));
}
