import assert from "node:assert/strict";
import type { EndRecord } from "../../src/session/exec-session.ts";
import type { Recorded } from "../support/recording.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Job, POOL_BYTES } from "./job.ts";
import type { Lane } from "./lane.ts";
import { type Circumstances, type Evidence, isSettled, judge } from "./verdict.ts";

const POOL = Buffer.alloc(POOL_BYTES, new SeededRandom(1).bytes(251));
const PIECE_BYTES = 100;
const EXIT_CODE = 7;
const CALM: Circumstances = {
  ...{ nodeRedEnds: 0, nodeRedCrashes: 0, hostKills: 0, hostStops: 0, deploys: 0, runtimeKills: 0 },
  orphans: "keep",
};
const CRASH: Circumstances = { ...CALM, nodeRedEnds: 1, nodeRedCrashes: 1 };
const HOST_KILL: Circumstances = { ...CALM, hostKills: 1 };

const EXITED: EndRecord = {
  ...{ exitCode: EXIT_CODE, signal: null, reason: "exited", startError: null },
  ...{ startedAt: null, endedAt: "2026-01-01T00:00:00.000Z", heldOpen: false, truncated: 0 },
};

describe("the verdict on a job", () => {
  it("is that all is well if every byte and the end were told once", () => {
    const evidence = evidenceOf([chunk(0), chunk(1), chunk(2), end()]);
    assert.deepEqual(judge(evidence), {
      outcome: "exited",
      bytes: 3 * PIECE_BYTES,
      repeatedBytes: 0,
      ends: 1,
    });
    assert.equal(isSettled(evidence), true);
  });

  it("is that all is well if a crash made something be told again", () => {
    const { repeatedBytes, ends } = judge(
      evidenceOf([chunk(0), chunk(1), chunk(1), chunk(2), end(), end()], { circumstances: CRASH }),
    );
    assert.deepEqual([repeatedBytes, ends], [PIECE_BYTES, 2]);
  });

  it("is that all is well if a killed host has lost the end of the output, and says that it knows no exit code", () => {
    const lost = { exitCode: null, reason: "lost" } as const;
    judge(evidenceOf([chunk(0), end(lost)], { end: lost, circumstances: HOST_KILL }));
  });

  const faults: readonly (readonly [string, Evidence, RegExp])[] = [
    ["a missing byte", evidenceOf([chunk(0), chunk(2), end()]), /are missing/],
    ["a missing last byte", evidenceOf([chunk(0), chunk(1), end()]), /last bytes of stdout are missing/],
    [
      "bytes told again without a crash",
      evidenceOf([chunk(0), chunk(0), chunk(1), chunk(2), end()]),
      /twice/,
    ],
    [
      "bytes told again in another way",
      evidenceOf([chunk(0), { ...chunk(0), payload: Buffer.alloc(1) }], { circumstances: CRASH }),
      /in two ways/,
    ],
    ["wrong bytes", evidenceOf([{ ...chunk(0), payload: Buffer.alloc(3 * PIECE_BYTES) }, end()]), /printed/],
    ["a missing end", evidenceOf([chunk(0), chunk(1), chunk(2)]), /no end was told/],
    ["an end told again without a crash", evidenceOf([...all(), end(), end()]), /told 2 times/],
    [
      "an invented exit code",
      evidenceOf([...all(), end({ exitCode: 0 })], { end: { exitCode: 0 } }),
      /reason/,
    ],
    ["another exit code than the record's", evidenceOf([...all(), end({ exitCode: 0 })]), /msg\.rc/],
    ["an exit code of a lost session", lostWith({ exitCode: EXIT_CODE }, HOST_KILL), /lost/],
    ["a lost session of which nothing was killed", lostWith({ exitCode: null }, CALM), /lost/],
    ["a session that never ran, and nothing says why", evidenceOf([], { end: null }), /not started/],
    [
      "a line that was told in two ways",
      evidenceOf([line("ab"), line("abc")], { unit: "line", circumstances: CRASH }),
      /told in two ways/,
    ],
    ["a missing line", evidenceOf([{ ...line("ab"), index: 1 }], { unit: "line" }), /missing/],
  ];
  for (const [what, evidence, sentence] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => judge(evidence), sentence);
    });
  }
});

interface Facts {
  readonly end?: Partial<EndRecord> | null;
  readonly circumstances?: Circumstances;
  readonly unit?: Lane["unit"];
}

/** Of a job that prints three pieces, and then exits. */
function evidenceOf(
  messages: readonly Recorded[],
  { end = {}, circumstances = CALM, unit = "chunk" }: Facts = {},
): Evidence {
  const piece = { stream: "stdout", bytes: PIECE_BYTES, pauseMs: 0 } as const;
  const job: Job = {
    ...{ id: "1-0", exitCode: EXIT_CODE, exitCodeOnTerm: null, logBytes: undefined, dieAt: undefined },
    lane: { name: "crun", runtime: "crun", unit },
    pieces: [0, 1, 2].map((block) => ({ ...piece, block })),
    startMs: 0,
  };
  const record = end && { ...EXITED, ...end };
  const session = { id: "a".repeat(64), state: record ? "stopped" : "created", end: record } as const;
  return { job, messages, session, circumstances, pool: POOL };
}

function chunk(block: number): Recorded {
  const offset = block * PIECE_BYTES;
  const payload = POOL.subarray(offset, offset + PIECE_BYTES);
  return { what: "chunk", stream: "stdout", offset, index: block, payload };
}

function all(): readonly Recorded[] {
  return [chunk(0), chunk(1), chunk(2)];
}

function line(text: string): Recorded {
  return { what: "chunk", stream: "stdout", index: 0, payload: Buffer.from(text) };
}

function end(changes: Partial<EndRecord> = {}): Recorded {
  const { exitCode: code, reason, endedAt } = { ...EXITED, ...changes };
  const bytes = { stdoutBytes: 3 * PIECE_BYTES, stderrBytes: 0, truncated: 0, heldOpen: false };
  return { what: "end", rc: { code, reason, endedAt, durationMs: null, startedAt: null, ...bytes } };
}

function lostWith({ exitCode }: { exitCode: number | null }, circumstances: Circumstances): Evidence {
  const lost = { exitCode, reason: "lost" } as const;
  return evidenceOf([...all(), end(lost)], { end: lost, circumstances });
}
