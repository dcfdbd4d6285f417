import assert from "node:assert/strict";
import { EventLog } from "../../src/session/event-log.ts";
import { SessionJournal } from "../../src/session/session-journal.ts";
import { MemoryStateDirectory } from "../../src/store/memory-store.ts";
import { RefusingStore } from "../support/refusing-store.ts";
import { sampleSession } from "../support/sample-session.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("a session's journal", () => {
  let directory: MemoryStateDirectory;
  let store: RefusingStore;
  let reports: string[];
  let journal: SessionJournal;

  beforeEach(async () => {
    directory = new MemoryStateDirectory();
    store = new RefusingStore(directory);
    await store.open();
    await store.create(sampleSession());
    reports = [];
    const report = (sentence: string) => reports.push(sentence);
    journal = new SessionJournal(sampleSession(), { store, events: new EventLog(), report });
  });

  afterEach(async () => {
    journal.close();
    await store.close();
  });

  it("leaves the record as it was where the beginning cannot be written", async () => {
    store.refuses = () => true;
    await assert.rejects(journal.begin({ state: "running" }), { code: "EXEC_STORE_FAILED" });
    assert.deepEqual([journal.record, reports], [sampleSession(), []]);
  });

  it("has the beginning on disk at once, and what else is known of it within a moment", async () => {
    await journal.begin({ state: "running", startedAt: "2026-01-02T03:04:06.000Z" });
    assert.deepEqual([journal.record.state, saved()?.state], ["running", "created"]);
    assert.equal(store.snapshot().sessions[0]?.state, "running");
    await waitUntil("it is written", () => saved()?.state === "running");
    assert.equal(saved()?.startedAt, "2026-01-02T03:04:06.000Z");
  });

  it("keeps what has happened until the store takes it, and tells the trouble and its end once each", async () => {
    store.refuses = () => true;
    await journal.note({ pid: 1 });
    await journal.note({ pid: 2 });
    await waitUntil("it has been tried again", () => store.refused > 2);
    assert.equal(journal.record.pid, 2);
    store.refuses = () => false;
    await waitUntil("it is written", () => saved()?.pid === 2);
    assert.deepEqual(reports, [
      "The record of session 0123456789ab is not on disk yet: The disk is full.",
      "The record of session 0123456789ab is on disk now.",
    ]);
  });

  it("tries a last time when another manager is to go on, and not at all for a session that is removed", async () => {
    store.refuses = () => true;
    await journal.note({ pid: 1 });
    journal.close();
    store.refuses = () => false;
    assert.equal(saved()?.pid, null);
    await journal.handOver();
    assert.equal(saved()?.pid, 1);
  });

  it("writes what may wait with the next change, or else within a moment", async () => {
    journal.noteLater({ pid: 1 });
    assert.deepEqual([journal.record.pid, saved()?.pid], [1, null]);
    await journal.note({ state: "running" });
    assert.deepEqual([saved()?.pid, saved()?.state], [1, "running"]);
    journal.noteLater({ pid: 2 });
    await waitUntil("it is written", () => saved()?.pid === 2);
  });

  it("hands over what may wait, and forgets it with a session that is removed", async () => {
    journal.noteLater({ pid: 1 });
    journal.close();
    await assert.rejects(
      waitUntil("it is written", () => saved()?.pid === 1, 300),
      /in vain/,
    );
    await journal.handOver();
    assert.equal(saved()?.pid, 1);
  });

  it("goes on where a removal did not come about", async () => {
    store.refuses = () => true;
    await journal.note({ pid: 1 });
    journal.close();
    store.refuses = () => false;
    journal.reopen();
    await waitUntil("it is written", () => saved()?.pid === 1);
  });

  it("gives up once another process has the state directory", async () => {
    store.refuses = () => true;
    store.code = "EXEC_STATE_DIR_LOST";
    await journal.note({ pid: 1 });
    await assert.rejects(
      waitUntil("it is tried again", () => store.refused > 1, 2_500),
      /in vain/,
    );
  });

  function saved() {
    return directory.sessions.get(sampleSession().id);
  }
});
