import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { createSessionId } from "../../src/session/session-id.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { describeNeeding } from "../support/requirements.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";

/** Room for a few records of a page each. */
const DISK_SIZE = "64k";

describeNeeding(["root", "mount"], "file store on a full or read-only disk", () => {
  let disk: string;
  let directory: string;
  let store: FileSessionStore;
  let id: string;

  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), "disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_SIZE}`, "tmpfs", disk]);
    directory = join(disk, "state");
    store = new FileSessionStore(directory);
    await store.open();
    id = createSessionId();
    await store.create(session(1));
  });

  afterEach(async () => {
    await store.close();
    execFileSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  });

  it("says which session, where and why, and keeps the record that was there", async () => {
    fillDisk();
    for (const next of [session(2), ended(3)]) {
      await assert.rejects(store.save(next), {
        code: "EXEC_STORE_FAILED",
        message: `Cannot save session ${id.slice(0, 12)} (${store.bundle(id)}): no space left on device (ENOSPC).`,
        details: { sessionId: id, path: store.bundle(id), errno: "ENOSPC" },
      });
    }
    assert.deepEqual(readdirSync(store.bundle(id)), ["session.json"]);
    assert.deepEqual(await reopened(), [session(1)]);
  });

  it("leaves nothing behind of a session that it could not make", async () => {
    fillDisk();
    const refused = sampleSession({ id: createSessionId() });
    await assert.rejects(store.create(refused), {
      code: "EXEC_STORE_FAILED",
      message: /no space left on device/,
    });
    assert.deepEqual(readdirSync(join(directory, "sessions")), [id]);
    await assert.rejects(store.save(refused), { code: "EXEC_SESSION_NOT_FOUND" });
  });

  it("goes on by itself once there is room again, and can make room by removing", async () => {
    const large = sampleSession({ id: createSessionId() });
    await store.create(large);
    fillDisk();
    await assert.rejects(store.save(session(2)));
    await store.remove(large.id);
    await store.save(session(2));
    await store.save(ended(3));
    assert.deepEqual(await reopened(), [ended(3)]);
  });

  it("fails every save that waits while the disk is full, and none that comes after", async () => {
    fillDisk();
    const waiting = [ended(2), ended(3), ended(4)].map((each) => store.save(each));
    for (const { status } of await Promise.allSettled(waiting)) assert.equal(status, "rejected");
    rmSync(join(disk, "filler"));
    await store.save(ended(4));
    assert.deepEqual(await reopened(), [ended(4)]);
  });

  it("changes nothing while the disk is read-only, and goes on once it is not", async () => {
    remount("ro");
    const doomed = [
      store.save(session(2)),
      store.create(sampleSession({ id: createSessionId() })),
      store.remove(id),
    ];
    for (const change of await Promise.allSettled(doomed)) {
      assert.equal(change.status, "rejected");
      assert.deepEqual([change.reason.code, change.reason.details.errno], ["EXEC_STORE_FAILED", "EROFS"]);
    }
    remount("rw");
    await store.save(session(3));
    assert.deepEqual(await reopened(), [session(3)]);
  });

  it("says so when a closed store cannot give the directory up, and passes on with its process", async () => {
    remount("ro");
    await assert.rejects(store.close(), {
      code: "EXEC_STATE_DIR_UNUSABLE",
      details: { directory, errno: "EROFS" },
    });
    remount("rw");
    await assert.rejects(store.open(), { code: "EXEC_STATE_DIR_IN_USE" });
    rmSync(join(directory, "owner"), { recursive: true });
    assert.deepEqual((await store.open()).sessions, [session(1)]);
  });

  it("cannot be opened there, and says why", async () => {
    await store.close();
    fillDisk();
    await assert.rejects(store.open(), {
      code: "EXEC_STATE_DIR_UNUSABLE",
      details: { directory, errno: "ENOSPC" },
    });
    rmSync(join(disk, "filler"));
    remount("ro");
    await assert.rejects(store.open(), {
      code: "EXEC_STATE_DIR_UNUSABLE",
      message: `The state directory ${directory} cannot be created, read or written: read-only file system (EROFS).`,
    });
    remount("rw");
    assert.deepEqual(await reopened(), [session(1)]);
    assert.deepEqual(readdirSync(directory).sort(), ["lock", "owner", "sessions"]);
  });

  function session(revision: number): ExecSession {
    return sampleSession({ id, revision });
  }

  function ended(revision: number): ExecSession {
    return sampleSession({
      id,
      revision,
      state: "stopped",
      startedAt: EXITED.startedAt,
      end: EXITED,
    });
  }

  async function reopened(): Promise<readonly ExecSession[]> {
    await store.close();
    return (await store.open()).sessions;
  }

  function remount(mode: "ro" | "rw"): void {
    execFileSync("mount", ["-o", `remount,${mode}`, disk]);
  }

  /** Leaves room for not one page. */
  function fillDisk(): void {
    const filler = join(disk, "filler");
    assert.throws(() => writeFileSync(filler, Buffer.alloc(1024 * 1024)), { code: "ENOSPC" });
    assert.ok(existsSync(filler));
  }
});
