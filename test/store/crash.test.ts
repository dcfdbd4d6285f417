import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { waitUntil } from "../support/wait-until.ts";
import { type LoggedChange, RandomWriter, recordOf } from "./random-writer.ts";

const CRASHES = 20;
/** Far enough for every verb to have been used, and near enough for some writers to die in their first steps. */
const MAX_PROGRESS = 500;

describe("file store after kill -9", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "crash-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("has every record whose save had resolved, and none that was never saved or had been removed", async function () {
    this.timeout(120_000);
    const directory = join(folder, "state");
    let sessions: readonly ExecSession[] = [];
    const verbs = new Set<string>();
    const crash = fc.asyncProperty(fc.integer(), fc.nat(MAX_PROGRESS), async (seed, progress) => {
      const writer = new RandomWriter({ directory, seed, log: join(folder, "log") });
      await waitUntil("the writer has come far enough", () => writer.progress >= progress);
      const changes = await writer.kill();
      for (const { verb, done } of changes) if (done) verbs.add(verb);
      const before = sessions;
      sessions = await readAll(directory);
      assertConsistent(before, changes, sessions);
    });
    await fc.assert(crash, { numRuns: CRASHES, endOnFailure: true });
    assert.equal(verbs.size, 5, `only ${[...verbs].join(", ")} were ever done`);
  });
});

async function readAll(directory: string): Promise<readonly ExecSession[]> {
  const store = new FileSessionStore(directory);
  const { sessions, ...rest } = await store.open();
  await store.close();
  assert.deepEqual(rest, { legacy: [], setAside: [] });
  assert.deepEqual(readdirSync(join(directory, "sessions")).sort(), sessions.map(({ id }) => id).sort());
  return sessions;
}

function assertConsistent(
  before: readonly ExecSession[],
  changes: readonly LoggedChange[],
  after: readonly ExecSession[],
): void {
  const found = new Map(after.map((session) => [session.id, session]));
  const earlier = new Map(before.map((session) => [session.id, session]));
  for (const id of new Set([...earlier.keys(), ...changes.map((change) => change.id), ...found.keys()])) {
    const own = changes.filter((change) => change.id === id);
    assertSession(found.get(id), own, earlier.get(id));
  }
}

function assertSession(
  found: ExecSession | undefined,
  changes: readonly LoggedChange[],
  earlier: ExecSession | undefined,
): void {
  const saves = changes.filter(({ revision }) => revision > 0);
  const removals = changes.filter(({ verb }) => verb === "remove");
  const promised = Math.max(
    earlier?.revision ?? 0,
    ...saves.filter(({ done }) => done).map(({ revision }) => revision),
  );
  if (found === undefined) {
    assert.ok(removals.length > 0 || promised === 0, `revision ${promised} had been saved, and is gone`);
    return;
  }
  assert.ok(!removals.some(({ done }) => done), "it had been removed, and is there");
  assert.ok(
    found.revision >= promised,
    `revision ${promised} had been saved, but ${found.revision} is there`,
  );
  const asked = saves.filter(({ revision }) => revision === found.revision).map(recordOf);
  assert.deepEqual([found], asked.length > 0 ? asked : [earlier]);
}
