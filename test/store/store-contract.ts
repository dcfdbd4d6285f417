import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseExecConfig } from "../../src/session/exec-config.ts";
import type { EndRecord, ExecSession } from "../../src/session/exec-session.ts";
import { createSessionId } from "../../src/session/session-id.ts";
import type { SessionStore } from "../../src/session/session-store.ts";
import { sampleSession } from "../support/sample-session.ts";

/** Where the stores of one test keep their records. */
export interface StorePlace {
  /** A store over this place; what one has saved, the next one finds. */
  createStore(): SessionStore;
  /** Takes the place away from the store that has it open, as another process does that takes it for dead. */
  seize(store: SessionStore): void;
  dispose(): void;
}

const END: EndRecord = {
  exitCode: 143,
  signal: "SIGTERM",
  reason: "stopped",
  startError: { kind: "runtime", text: "no\nöther\0text" },
  startedAt: "2026-01-02T03:04:06.000Z",
  endedAt: "2026-01-02T03:04:07.000Z",
  heldOpen: true,
  truncated: 7,
};

/** What every session store promises, whatever it keeps its records in. */
export function describeStoreContract(title: string, createPlace: () => StorePlace): void {
  describe(title, () => {
    let place: StorePlace;
    let store: SessionStore;

    beforeEach(async () => {
      place = createPlace();
      store = place.createStore();
      assert.deepEqual(await store.open(), { sessions: [], legacy: [], setAside: [] });
    });

    afterEach(async () => {
      await store.close();
      place.dispose();
    });

    it("gives back exactly what was saved last, to the next store as well", async () => {
      const created = fullSession();
      const running = sampleSession({
        id: createSessionId(),
        revision: 2,
        state: "running",
        startedAt: "2026-01-02T03:04:06.000Z",
        pid: 42,
        identity: { pid: 42, startTime: 1.5, bootId: "b", none: null },
      });
      const stopped: ExecSession = {
        ...running,
        id: createSessionId(),
        state: "stopped",
        pid: null,
        end: END,
      };
      for (const session of [created, running, stopped]) {
        await store.create({ ...sampleSession(), id: session.id });
        await store.save(session);
      }
      assert.deepEqual(await reopened(), byId([created, running, stopped]));
    });

    it("finds a session running that was begun, also if no later record of it was saved", async () => {
      const before = new Date();
      const [begun, saved] = [await createSession(), await createSession()];
      for (const id of [begun, saved]) await store.begin(id);
      await store.save(ended(saved, 7));
      const found = new Map((await reopened()).map((each) => [each.id, each]));
      const startedAt = found.get(begun)?.startedAt ?? "";
      assert.deepEqual(found.get(begun), { ...session(begun, 2), state: "running", startedAt });
      // File times count in the kernel's ticks.
      assert.ok(Date.parse(startedAt) >= before.getTime() - 100, startedAt);
      assert.deepEqual(found.get(saved), ended(saved, 7));
      await store.save(ended(begun, 3));
      assert.deepEqual(
        (await reopened()).find((each) => each.id === begun),
        ended(begun, 3),
      );
    });

    it("begins only what was created and is not removed", async () => {
      await assert.rejects(store.begin(createSessionId()), { code: "EXEC_SESSION_NOT_FOUND" });
      const id = await createSession();
      await store.begin(id);
      await store.remove(id);
      await assert.rejects(store.begin(id), { code: "EXEC_SESSION_NOT_FOUND" });
      await store.create(session(id, 1));
      assert.equal((await reopened())[0]?.state, "created");
    });

    it("keeps the newest revision, in whatever order and however fast the saves come", async () => {
      const id = await createSession();
      await store.save(session(id, 5));
      await store.save(session(id, 3));
      const saves = [ended(id, 9), session(id, 8), ended(id, 12), ended(id, 10), ended(id, 11)];
      await Promise.all(saves.map((each) => store.save(each)));
      assert.deepEqual(await reopened(), [ended(id, 12)]);
    });

    it("has on record whatever a resolved save said, before later ones have their turn", async () => {
      const id = await createSession();
      const first = store.save(ended(id, 2));
      const later = store.save(ended(id, 3));
      await first;
      place.seize(store);
      await later.catch(() => {});
      const next = place.createStore();
      const [found] = (await next.open()).sessions;
      assert.ok(found !== undefined && found.revision >= 2);
      await next.close();
    });

    it("refuses a second session of one id and leaves the first as it is", async () => {
      const id = await createSession();
      await store.save(session(id, 4));
      await assert.rejects(store.create(session(id, 1)), { code: "EXEC_STORE_FAILED" });
      await store.save(session(id, 5));
      const twins = [createSessionId()].flatMap((twin) => [session(twin, 1), session(twin, 1)]);
      const results = await Promise.allSettled(twins.map((twin) => store.create(twin)));
      assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      assert.deepEqual(await reopened(), byId([session(id, 5), ...twins.slice(1)]));
    });

    it("saves only what was created and is not removed", async () => {
      await assert.rejects(store.save(session(createSessionId(), 2)), { code: "EXEC_SESSION_NOT_FOUND" });
      const id = await createSession();
      await store.remove(id);
      await assert.rejects(store.save(ended(id, 2)), { code: "EXEC_SESSION_NOT_FOUND" });
      assert.deepEqual(await reopened(), []);
    });

    it("never brings a removed session back, whatever is saved around its removal", async () => {
      const id = await createSession();
      const before = [store.save(ended(id, 2)), store.save(ended(id, 3))];
      const removals = [store.remove(id), store.remove(id)];
      const after = Promise.allSettled([store.save(ended(id, 4)), store.save(session(id, 5))]);
      await Promise.all([...before, ...removals]);
      for (const { status } of await after) assert.equal(status, "rejected");
      assert.equal(existsSync(store.bundle(id)), false);
      assert.deepEqual(await reopened(), []);
    });

    it("removes and cleans up what is not there without a word", async () => {
      for (const id of [createSessionId(), "", ".", "..", "../../x", "a legacy id"]) {
        await store.remove(id);
        await store.cleanup(id);
      }
    });

    it("takes the id of a removed session again", async () => {
      const id = await createSession();
      await store.save(session(id, 9));
      await store.remove(id);
      await store.create(session(id, 1));
      await store.save(session(id, 2));
      assert.deepEqual(await reopened(), [session(id, 2)]);
    });

    it("makes a session's bundle with it, and removes all that lies in it", async () => {
      const id = await createSession();
      fill(store.bundle(id));
      await store.remove(id);
      assert.equal(existsSync(store.bundle(id)), false);
    });

    it("cleans a bundle up to the record, which stays and can go on", async () => {
      const id = await createSession();
      await store.save(session(id, 2));
      const names = readdirSync(store.bundle(id));
      fill(store.bundle(id));
      await Promise.all([store.cleanup(id), store.save(session(id, 3))]);
      assert.deepEqual(readdirSync(store.bundle(id)), names);
      assert.deepEqual(await reopened(), [session(id, 3)]);
    });

    it("gives no bundle for what is no session id", () => {
      for (const id of ["", "..", "../x", "abc", `${"0".repeat(63)}/`, "A".repeat(64)]) {
        assert.throws(() => store.bundle(id), { code: "EXEC_INVALID_SESSION_ID" });
      }
    });

    it("belongs to one store at a time, and to the next one once it is closed", async () => {
      const other = place.createStore();
      await assert.rejects(other.open(), {
        code: "EXEC_STATE_DIR_IN_USE",
        message: new RegExp(`${process.pid}`),
      });
      await assert.rejects(store.open(), { code: "EXEC_STATE_DIR_IN_USE" });
      await createSession();
      await store.close();
      assert.equal((await other.open()).sessions.length, 1);
      await other.close();
      await store.open();
    });

    it("changes nothing any more once another store has taken the place over", async () => {
      const id = await createSession();
      place.seize(store);
      const next = place.createStore();
      await next.open();
      await next.save(session(id, 7));
      for (let time = 0; time < 2; time++) {
        for (const change of everyChange(store, id)) {
          await assert.rejects(change(), { code: "EXEC_STATE_DIR_LOST" });
        }
      }
      await store.close();
      await assert.rejects(place.createStore().open(), { code: "EXEC_STATE_DIR_IN_USE" });
      await next.close();
      await store.open();
      assert.deepEqual(await reopened(), [session(id, 7)]);
    });

    it("does nothing unless it is open, and finishes what was asked before it was closed", async () => {
      const id = await createSession();
      const order: string[] = [];
      const saves = [2, 3].map((revision) => store.save(ended(id, revision)).then(() => order.push("saved")));
      const closes = [1, 2].map(() => store.close().then(() => order.push("closed")));
      await Promise.all([...saves, ...closes]);
      assert.deepEqual(order, ["saved", "saved", "closed", "closed"]);
      for (const change of everyChange(store, id)) await assert.rejects(change(), { code: "EXEC_CLOSED" });
      const { sessions } = await store.open();
      assert.deepEqual(sessions, [ended(id, 3)]);
    });

    it("can be opened again while it is being closed", async () => {
      const id = await createSession();
      void store.save(ended(id, 2));
      const closing = store.close();
      assert.deepEqual((await store.open()).sessions, [ended(id, 2)]);
      await closing;
    });

    it("agrees with a map of sessions after any interleaving of changes", async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (sequence) => {
          const model = new Map<string, ExecSession>();
          const unfinished: Promise<void>[] = [];
          for (const step of sequence) {
            // The id of a session is free only once its removal is done.
            if (step.verb === "create") await Promise.all(unfinished.splice(0));
            unfinished.push(take(step, store, model));
          }
          await Promise.all(unfinished);
          assert.deepEqual(await reopened(), byId([...model.values()]));
          for (const id of model.keys()) await store.remove(id);
        }),
        { numRuns: 60 },
      );
    });

    async function createSession(): Promise<string> {
      const id = createSessionId();
      await store.create(session(id, 1));
      return id;
    }

    async function reopened(): Promise<readonly ExecSession[]> {
      await store.close();
      store = place.createStore();
      return byId((await store.open()).sessions);
    }
  });
}

function everyChange(store: SessionStore, id: string): readonly (() => Promise<void>)[] {
  return [
    () => store.create(session(createSessionId(), 1)),
    () => store.begin(id),
    () => store.save(session(id, 20)),
    () => store.save(ended(id, 21)),
    () => store.cleanup(id),
    () => store.remove(id),
  ];
}

type Step = { readonly verb: "create" | "save" | "end" | "remove" | "cleanup"; readonly id: string };

/** Few ids, so that steps meet. */
const steps: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom("create", "save", "save", "end", "end", "remove", "cleanup"),
  id: fc.constantFrom(...["a", "b", "c"].map((digit) => digit.repeat(64))),
});

/** Takes a step without waiting for the ones before it; what it must come to is known at once. */
async function take({ verb, id }: Step, store: SessionStore, model: Map<string, ExecSession>): Promise<void> {
  const known = model.get(id);
  const revision = (known?.revision ?? 0) + 1;
  const record = verb === "end" ? ended(id, revision) : session(id, revision);
  switch (verb) {
    case "create":
      if (known !== undefined) return assert.rejects(store.create(record), { code: "EXEC_STORE_FAILED" });
      model.set(id, record);
      return store.create(record);
    case "save":
    case "end":
      if (known === undefined) return assert.rejects(store.save(record), { code: "EXEC_SESSION_NOT_FOUND" });
      model.set(id, record);
      return store.save(record);
    case "cleanup":
      return store.cleanup(id);
    case "remove":
      model.delete(id);
      return store.remove(id);
  }
}

function session(id: string, revision: number): ExecSession {
  return sampleSession({ id, revision, startedAt: "2026-01-02T03:04:06.000Z" });
}

/** Of a command that ran long enough for its end to be worth a sync, so that saves of it wait for the disk. */
function ended(id: string, revision: number): ExecSession {
  const startedAt = "2026-01-02T03:04:05.000Z";
  return sampleSession({ id, revision, state: "stopped", startedAt, end: { ...END, truncated: revision } });
}

/** A record with something in every field of its configuration. */
function fullSession(): ExecSession {
  return sampleSession({
    id: createSessionId(),
    revision: 2,
    runtime: { kind: "crun", path: "/usr/bin/crun", root: "/run/crun" },
    container: { id: "c1", name: "wéb", stopTimeout: 2.5 },
    config: parseExecConfig({
      command: ["sh", "-c", "echo 'ö\n\u{1f600}'"],
      attachStdin: true,
      detachKeys: "",
      env: { A: "1", B: "" },
      privileged: true,
      user: "nobody:nogroup",
      workDir: "/tmp",
      preserveFds: [3, 7],
      extraFiles: ["/etc/hosts"],
      timeout: 1.5,
      stopSignal: "SIGINT",
      stopTimeout: 0,
      labels: { job: "dump" },
      output: { maxBytes: 65_536, replayBytes: 0, policy: "block" },
    }),
    resolved: {
      user: { uid: 65_534, gid: 65_534, additionalGids: [4, 27] },
      workDir: "/tmp",
      environmentNames: ["A", "PATH"],
    },
    output: { stdoutBytes: 5, stderrBytes: 6, firstOffset: 1, truncated: 2 },
  });
}

/** Puts into a bundle what sessions have in theirs. */
function fill(bundle: string): void {
  mkdirSync(join(bundle, "output", "deep"), { recursive: true });
  writeFileSync(join(bundle, "output", "deep", "0"), Buffer.alloc(1024 * 1024));
  writeFileSync(join(bundle, "exec_pid"), "42");
}

function byId(sessions: readonly ExecSession[]): readonly ExecSession[] {
  return [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1));
}
