import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { deleteTree } from "../../src/store/delete-tree.ts";
import { SessionFiles } from "../../src/store/session-files.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";
import { DURABLE_WRITE, PLAIN_WRITE, traceRecordWrites } from "./trace-record-writes.ts";

const MODULE = new URL("../../src/store/session-files.ts", import.meta.url).href;

describe("session files", () => {
  let folder: string;
  let bundle: string;
  let files: SessionFiles;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "files-"));
    bundle = join(folder, "bundle");
    files = new SessionFiles({
      id: sampleSession().id,
      bundle,
      saved: null,
      assertOwned: () => {},
      deleteTrash: deleteTree,
    });
    await files.create(sampleSession());
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes of many waiting revisions the newest only, and tells every caller", async () => {
    const saves = await countingWrites(async () => {
      const revisions = Array.from({ length: 20 }, (_, index) => index + 3);
      const first = files.save(ended(2));
      await new Promise(setImmediate);
      await Promise.all([first, ...revisions.map((revision) => files.save(ended(revision)))]);
      assert.equal(readRevision(), revisions.at(-1));
    });
    assert.equal(saves, 2);
  });

  it("writes no revision that is on disk already, and none that is older", async () => {
    await files.save(ended(5));
    const saves = await countingWrites(() => Promise.all([files.save(ended(5)), files.save(session(4))]));
    assert.equal(saves, 0);
  });

  it("writes a record without an end before it returns", () => {
    void files.save(session(2));
    assert.equal(readRevision(), 2);
  });

  it("has a beginning on disk when it returns, and with it the record, where somebody has deleted both", () => {
    void files.begin();
    assert.deepEqual(readdirSync(bundle).sort(), ["exec_pid", "session.json"]);
    rmSync(bundle, { recursive: true });
    void files.begin();
    assert.deepEqual(readdirSync(bundle).sort(), ["exec_pid", "session.json"]);
    assert.equal(readRevision(), 1);
  });

  it("makes the record again as it is expected, where that is newer than what was saved", async () => {
    files.expect(session(3));
    assert.deepEqual([await files.restore(), readRevision()], [false, 1]);
    for (const [expected, made] of [
      [3, 3],
      [5, 5],
      [4, 5],
    ] as const) {
      files.expect(session(expected));
      rmSync(bundle, { recursive: true });
      assert.equal(await files.restore(), true);
      assert.equal(readRevision(), made);
    }
    await files.save(session(6));
    assert.equal(readRevision(), 6);
  });

  it("waits for the disk with the end of a command that ran for a second, and with no other record", () => {
    const [longRun, shortRun, neverRan] = [
      ended(2),
      { ...ended(2), startedAt: "2026-01-02T03:04:05.501Z" },
      { ...ended(2), startedAt: null },
    ];
    const running = { ...ended(2), state: "running", end: null } as const;
    const traces = [longRun, shortRun, neverRan, running].map((record) =>
      traceRecordWrites(scriptSaving(record)),
    );
    assert.deepEqual(traces, [DURABLE_WRITE, PLAIN_WRITE, PLAIN_WRITE, PLAIN_WRITE]);
  });

  it("asks for the ownership again when a waiting piece has its turn", async () => {
    let owned = true;
    const assertOwned = (): void => assert.ok(owned, "lost meanwhile");
    const { id } = sampleSession();
    const own = new SessionFiles({
      id,
      bundle,
      saved: sampleSession(),
      assertOwned,
      deleteTrash: deleteTree,
    });
    const first = own.save(ended(2));
    await new Promise(setImmediate);
    const waiting = assert.rejects(own.save(ended(3)), /lost meanwhile/);
    owned = false;
    await Promise.all([first, waiting]);
    assert.equal(readRevision(), 2);
  });

  it("can be saved again after a removal that failed", async () => {
    const inTheWay = join(folder, "file");
    writeFileSync(inTheWay, "");
    await assert.rejects(files.remove(inTheWay), {
      code: "EXEC_STORE_FAILED",
      message: /^Cannot remove session /,
    });
    await files.save(ended(2));
    assert.equal(readRevision(), 2);
    await files.remove(join(folder, "trash"));
    assert.deepEqual(readdirSync(folder), ["file"]);
  });

  function scriptSaving(record: ExecSession): string {
    const options = JSON.stringify({ id: record.id, bundle, saved: sampleSession() });
    return `
      const { SessionFiles } = await import(${JSON.stringify(MODULE)});
      const files = new SessionFiles({ ...${options}, assertOwned: () => {} });
      await files.save(${JSON.stringify(record)});`;
  }

  function readRevision(): unknown {
    return JSON.parse(readFileSync(join(bundle, "session.json"), "utf8")).revision;
  }

  /** How often a record was put in its place meanwhile. */
  async function countingWrites(work: () => Promise<unknown>): Promise<number> {
    let writes = 0;
    const { promise: seenAll, resolve } = Promise.withResolvers<void>();
    const watcher = watch(bundle, (_, name) => {
      if (name === "session.json") writes++;
      if (name === "last") resolve();
    });
    await work();
    writeFileSync(join(bundle, "last"), "");
    await seenAll;
    watcher.close();
    return writes;
  }
});

function session(revision: number): ExecSession {
  return sampleSession({ revision });
}

function ended(revision: number): ExecSession {
  return sampleSession({
    revision,
    state: "stopped",
    startedAt: EXITED.startedAt,
    end: EXITED,
  });
}
