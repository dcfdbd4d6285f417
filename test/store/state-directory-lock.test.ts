import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createSessionId } from "../../src/session/session-id.ts";
import type { StoreContents } from "../../src/session/session-store.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { HEARTBEAT_TIMING, type HeartbeatTiming } from "../../src/store/heartbeat.ts";
import type { OwnerClaim } from "../../src/store/owner-claim.ts";
import { describeNeeding } from "../support/requirements.ts";
import { sampleSession } from "../support/sample-session.ts";
import { waitUntil } from "../support/wait-until.ts";
import { StoreOwner, type StoreOwnerOptions } from "./store-owner.ts";
import type { OwnerCommand } from "./store-owner-process.ts";

/** The shortest that proper-lockfile allows, and what then counts as dead. */
const FAST_HEARTBEAT = { renewMs: 1_000, staleMs: 2_500 };
const IN_USE = { code: "EXEC_STATE_DIR_IN_USE" };
const RACERS = 20;
const RACES = 20;

describe("ownership of a state directory", () => {
  let directory: string;
  let owners: StoreOwner[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lock-"));
    owners = [];
  });

  afterEach(async () => {
    await Promise.all(owners.map((owner) => owner.kill()));
    rmSync(directory, { recursive: true, force: true });
  });

  it(`goes to exactly one of ${RACERS} processes that start at once, also after a crash, ${RACES} times`, async function () {
    this.timeout(120_000);
    for (let race = 0; race < RACERS; race++) startOwner();
    for (let race = 0; race < RACES; race++) {
      const replies = await Promise.all(owners.map((owner) => owner.tell({ verb: "open" })));
      const winners = owners.filter((_, index) => replies[index]?.code === null);
      assert.equal(winners.length, 1, `race ${race}: ${JSON.stringify(replies)}`);
      const winner = winners[0];
      const losers = replies.filter(({ code }) => code !== null);
      for (const { code, message } of losers) {
        assert.deepEqual([code, message.includes(`process ${winner?.pid}.`)], [IN_USE.code, true], message);
      }
      await winner?.kill();
      owners = owners.filter((owner) => owner !== winner);
      startOwner();
    }
    assert.deepEqual(readdirSync(directory).sort(), ["lock", "owner", "sessions"]);
  });

  it("passes on at once when its owner has been killed, for all that is saved", async () => {
    const owner = startOwner();
    const id = createSessionId();
    await tellAll(owner, [{ verb: "open" }, { verb: "create", id, revision: 1 }]);
    await owner.kill();
    const begun = performance.now();
    await withStore(async ({ sessions }) => assert.deepEqual(sessions, [sampleSession({ id })]));
    assert.ok(performance.now() - begun < HEARTBEAT_TIMING.staleMs / 4);
  });

  it("passes on at once after a reboot, and when the owner's pid has been given to another process", async () => {
    const own = await readOwnClaim();
    for (const changed of [{ bootId: "an earlier boot" }, { startTime: own.startTime - 1 }]) {
      plantClaim(JSON.stringify({ ...own, ...changed }));
      touchLock(new Date());
      const begun = performance.now();
      await withStore(async () => {});
      assert.ok(performance.now() - begun < HEARTBEAT_TIMING.staleMs / 4);
    }
  });

  it("stays with a stopped process for as long as that lives, however long its lock was not renewed", async () => {
    const owner = startOwner();
    const id = createSessionId();
    await tellAll(owner, [{ verb: "open" }, { verb: "create", id, revision: 1 }]);
    owner.signal("SIGSTOP");
    touchLock(new Date(0));
    await assert.rejects(new FileSessionStore(directory).open(), IN_USE);
    owner.signal("SIGCONT");
    await tellAll(owner, [{ verb: "save", id, revision: 2 }, { verb: "close" }]);
    await withStore(async ({ sessions }) => assert.deepEqual(sessions, [sampleSession({ id, revision: 2 })]));
  });

  it("holds for every path of the directory", async () => {
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    try {
      await withStore(() => assert.rejects(new FileSessionStore(link).open(), IN_USE));
    } finally {
      rmSync(link);
    }
  });

  it("keeps no process from ending, and needs no clean end", async () => {
    const owner = startOwner();
    await tellAll(owner, [{ verb: "open" }]);
    assert.equal(await owner.leave(), 0);
    await withStore(async () => {});
  });

  it("leaves nothing behind when it is given up", async () => {
    await withStore(async () => {});
    assert.deepEqual(readdirSync(directory).sort(), ["owner", "sessions"]);
    assert.deepEqual(readdirSync(join(directory, "owner")), []);
  });

  it("survives that someone deletes or touches its lock, and has it made again", async () => {
    const owner = startOwner({ heartbeat: FAST_HEARTBEAT });
    const id = createSessionId();
    await tellAll(owner, [{ verb: "open" }, { verb: "create", id, revision: 1 }]);
    const changes = [() => rmdirSync(join(directory, "lock")), () => touchLock(new Date(0))];
    for (const [index, change] of changes.entries()) {
      change();
      await tellAll(owner, [{ verb: "save", id, revision: index + 2 }]);
      await waitUntil("the lock has been made again", () => lockAgeMs() < FAST_HEARTBEAT.staleMs);
      await assert.rejects(new FileSessionStore(directory).open(), IN_USE);
    }
  });

  it("outlives its directory: the next change makes that again, with all records, and it stays taken", async () => {
    const owner = startOwner({ heartbeat: FAST_HEARTBEAT });
    const [before, after] = [createSessionId(), createSessionId()];
    await tellAll(owner, [{ verb: "open" }, { verb: "create", id: before, revision: 1 }]);
    rmSync(directory, { recursive: true });
    // Time for a renewal of the lock to find nothing; that it throws nothing then can only be waited for.
    await wait(FAST_HEARTBEAT.renewMs * 1.5);
    await tellAll(owner, [{ verb: "create", id: after, revision: 1 }]);
    await assert.rejects(new FileSessionStore(directory).open(), IN_USE);
    await tellAll(owner, [{ verb: "close" }]);
    await withStore(async ({ sessions }) =>
      assert.deepEqual(sessions.map(({ id }) => id).sort(), [before, after].sort()),
    );
  });

  it("pauses while the directory is elsewhere, and goes on once it is back", async () => {
    const store = new FileSessionStore(directory);
    await store.open();
    const session = sampleSession();
    await store.create(session);
    renameSync(directory, `${directory}-away`);
    await assert.rejects(store.save({ ...session, revision: 2 }), { code: "EXEC_STORE_FAILED" });
    renameSync(`${directory}-away`, directory);
    await store.save({ ...session, revision: 3 });
    await store.close();
    await withStore(async ({ sessions }) => assert.deepEqual(sessions, [{ ...session, revision: 3 }]));
  });

  it("is lost for good where a new directory has gone to another process", async () => {
    const owner = startOwner();
    const id = createSessionId();
    await tellAll(owner, [{ verb: "open" }, { verb: "create", id, revision: 1 }]);
    rmSync(directory, { recursive: true });
    await withStore(async () => {
      const { code, message } = await owner.tell({ verb: "save", id, revision: 2 });
      assert.deepEqual([code, message.includes(`process ${process.pid}`)], ["EXEC_STATE_DIR_LOST", true]);
      await tellAll(owner, [{ verb: "close" }]);
      assert.ok(existsSync(join(directory, "lock")), "the loser has taken the winner's lock away");
    });
  });

  it("of which the claim was torn by a power cut passes on once there is no sign of life", async () => {
    for (const text of ["", "{", '{"pid":1}']) {
      plantClaim(text);
      touchLock(new Date());
      const impatient = new FileSessionStore(directory, { heartbeat: FAST_HEARTBEAT });
      await assert.rejects(
        withSignsOfLife(() => impatient.open()),
        IN_USE,
      );
      touchLock(new Date(0));
      await withStore(async () => {});
    }
  });

  it("stays with an owner that cannot be seen from here, however old its last sign of life seems on another clock", async () => {
    const own = await readOwnClaim();
    const elsewhere = { ...own, pidNamespace: "pid:[1]" };
    const others = [
      { ...elsewhere, bootedAtMs: (own.bootedAtMs ?? 0) - 3_600_000 },
      { ...elsewhere, bootId: "another machine's", hostname: "another" },
    ];
    for (const claim of others) {
      plantClaim(JSON.stringify(claim));
      touchLock(new Date(0));
      const store = new FileSessionStore(directory, { heartbeat: FAST_HEARTBEAT });
      await assert.rejects(
        withSignsOfLife(() => store.open()),
        IN_USE,
      );
      touchLock(new Date(0));
      await withStore(async () => {}, FAST_HEARTBEAT);
    }
  });

  it("passes on at once from one that cannot be seen, and has the same clock, if its last sign of life is old", async () => {
    const own = await readOwnClaim();
    plantClaim(JSON.stringify({ ...own, pidNamespace: "pid:[1]" }));
    touchLock(new Date(0));
    const begun = performance.now();
    await withStore(async () => {});
    assert.ok(performance.now() - begun < HEARTBEAT_TIMING.staleMs / 4);
  });

  describeNeeding(["root", "unshare"], "by a process in another pid namespace", () => {
    it("stays there while that gives signs of life, and passes on soon after they end", async () => {
      const wrapper = ["unshare", "--pid", "--fork", "--kill-child"];
      const owner = startOwner({ wrapper, heartbeat: FAST_HEARTBEAT });
      await tellAll(owner, [{ verb: "open" }]);
      await assert.rejects(new FileSessionStore(directory, { heartbeat: FAST_HEARTBEAT }).open(), {
        ...IN_USE,
        message: `The state directory ${directory} is in use by a process of another container or machine (host name ${hostname()}, there pid 1).`,
      });
      await owner.kill();
      await withStore(async () => {}, FAST_HEARTBEAT);
    });

    it("stays out for that process once it has passed on", async () => {
      const wrapper = ["unshare", "--pid", "--fork", "--kill-child"];
      const owner = startOwner({ wrapper });
      const id = createSessionId();
      await tellAll(owner, [{ verb: "open" }, { verb: "create", id, revision: 1 }]);
      touchLock(new Date(0));
      await withStore(async () => {});
      assert.equal((await owner.tell({ verb: "save", id, revision: 2 })).code, "EXEC_STATE_DIR_LOST");
      await withStore(async ({ sessions }) => assert.deepEqual(sessions, [sampleSession({ id })]));
    });
  });

  function startOwner(options: Partial<StoreOwnerOptions> = {}): StoreOwner {
    const owner = new StoreOwner({ directory, ...options });
    owners.push(owner);
    return owner;
  }

  async function withStore(
    use: (contents: StoreContents) => Promise<void>,
    heartbeat?: HeartbeatTiming,
  ): Promise<void> {
    const store = new FileSessionStore(directory, { heartbeat });
    const contents = await store.open();
    try {
      await use(contents);
    } finally {
      await store.close();
    }
  }

  /** Renews the lock for somebody whose process cannot be seen, as long as the work takes. */
  async function withSignsOfLife<T>(work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => touchLock(new Date()), FAST_HEARTBEAT.renewMs / 4);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  /** The claim that this process makes. */
  async function readOwnClaim(): Promise<OwnerClaim> {
    let claim = "";
    await withStore(async () => {
      const [name = ""] = readdirSync(join(directory, "owner"));
      claim = readFileSync(join(directory, "owner", name), "utf8");
    });
    return JSON.parse(claim);
  }

  function plantClaim(text: string): void {
    mkdirSync(join(directory, "owner"), { recursive: true });
    writeFileSync(join(directory, "owner", "planted"), text);
  }

  function touchLock(time: Date): void {
    mkdirSync(join(directory, "lock"), { recursive: true });
    utimesSync(join(directory, "lock"), time, time);
  }

  function lockAgeMs(): number {
    const renewedAtMs = statSync(join(directory, "lock"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - renewedAtMs;
  }
});

async function tellAll(owner: StoreOwner, commands: readonly OwnerCommand[]): Promise<void> {
  for (const command of commands) assert.deepEqual(await owner.tell(command), { code: null, message: "" });
}
