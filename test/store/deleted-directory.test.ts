import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { createSessionId } from "../../src/session/session-id.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";

describe("file store whose directory is deleted", () => {
  let folder: string;
  let directory: string;
  let store: FileSessionStore;
  let sessions: readonly ExecSession[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "deleted-"));
    directory = join(folder, "state");
    store = new FileSessionStore(directory);
    await store.open();
    sessions = [1, 2, 3].map(() => sampleSession({ id: createSessionId() }));
    for (const session of sessions) await store.create(session);
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("makes it again with every record as it was saved last", async () => {
    const [first, second, third] = sessions as [ExecSession, ExecSession, ExecSession];
    const ended: ExecSession = { ...second, revision: 4, state: "stopped", end: EXITED };
    await store.save(ended);
    await store.remove(third.id);
    rmSync(directory, { recursive: true });
    assert.equal(await store.restore(), true);
    assert.equal(await store.restore(), false);
    assert.deepEqual(await reopened(), byId([first, ended]));
  });

  it("finds nothing to do where nothing is missing", async () => {
    assert.equal(await store.restore(), false);
  });

  it("looks again until whoever deletes it is done", async () => {
    rmSync(directory, { recursive: true });
    for (const { id } of sessions) {
      assert.equal(await store.restore(), true);
      rmSync(store.bundle(id), { recursive: true });
    }
    assert.equal(await store.restore(), true);
    assert.equal(await store.restore(), false);
    assert.deepEqual(await reopened(), byId(sessions));
  });

  it("brings back no record that was refused, and none that is older than a later save", async () => {
    const [first] = sessions as [ExecSession];
    rmSync(directory, { recursive: true });
    await assert.rejects(store.save({ ...first, revision: 2 }), { code: "EXEC_STORE_FAILED" });
    mkdirSync(directory);
    await store.save({ ...first, revision: 3 });
    await store.restore();
    assert.deepEqual(await reopened(), byId([{ ...first, revision: 3 }, ...sessions.slice(1)]));
  });

  it("is made again by the next session", async () => {
    rmSync(directory, { recursive: true });
    const next = sampleSession({ id: createSessionId() });
    await store.create(next);
    assert.deepEqual(await reopened(), byId([next, ...sessions]));
  });

  it("takes the one that is put back in its place, and brings that up to date", async () => {
    const [first] = sessions as [ExecSession];
    renameSync(directory, `${directory}-away`);
    await store.restore();
    await store.save({ ...first, revision: 2 });
    rmSync(directory, { recursive: true });
    renameSync(`${directory}-away`, directory);
    assert.equal(await store.restore(), true);
    assert.deepEqual(await reopened(), byId([{ ...first, revision: 2 }, ...sessions.slice(1)]));
  });

  it("stays its own where only the claim or its folder is gone", async () => {
    for (const path of ["owner", "lock", "sessions"]) {
      rmSync(join(directory, path), { recursive: true });
      await store.restore();
      await assert.rejects(new FileSessionStore(directory).open(), { code: "EXEC_STATE_DIR_IN_USE" });
    }
    assert.deepEqual(await reopened(), byId(sessions));
  });

  async function reopened(): Promise<readonly ExecSession[]> {
    await store.close();
    return byId((await store.open()).sessions);
  }
});

function byId(sessions: readonly ExecSession[]): readonly ExecSession[] {
  return sessions.toSorted((a, b) => a.id.localeCompare(b.id));
}
