import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { ExecConfigInput } from "../../src/session/exec-config.ts";
import type { OutputChunk } from "../../src/session/output-log.ts";
import { DEFAULT_RETENTION } from "../../src/session/retention.ts";
import { type ErrorCode, isSessionError } from "../../src/session/session-error.ts";
import type { Attachment } from "../../src/session/session-service.ts";
import { CANNOT_START, IGNORES_TERM } from "../support/fake-runtime.ts";
import { TestWorld } from "../support/test-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const RUNS: ExecConfigInput = { command: ["runs"] };

describe("SessionManager", () => {
  let world: TestWorld;

  beforeEach(async () => {
    world = await TestWorld.open(["c1", "c2"]);
  });

  afterEach(async () => {
    await world.dispose();
  });

  async function startSession(config: ExecConfigInput = RUNS): Promise<string> {
    const { id } = await world.manager.create(world.target("c1"), config);
    await world.manager.start(id);
    return id;
  }

  function eventTypes(id: string): string[] {
    return world.events.filter((event) => event.sessionId === id).map(({ type }) => type);
  }

  it("tells a session's life as created, started, exited, removed, each once", async () => {
    const id = await startSession();
    world.machine.process().exit(3);
    const end = await world.manager.wait(id);
    await world.manager.remove(id);
    await setImmediate();
    assert.deepEqual([end.exitCode, end.reason, end.signal], [3, "exited", null]);
    assert.deepEqual(eventTypes(id), ["created", "started", "exited", "removed"]);
    assert.deepEqual(
      world.events.map(({ seq }) => seq),
      world.events.map((_event, index) => index + 1),
    );
  });

  it("delivers the end only after the last byte of output", async () => {
    const { id } = await world.manager.create(world.target("c1"), RUNS);
    const attachment = await world.manager.startAndAttach(id);
    const process = world.machine.process();
    process.stdout?.write("first ");
    process.stdout?.write("last");
    process.exit(0);
    assert.equal(await textOf(attachment), "first last");
    assert.deepEqual(await attachment.ended, { kind: "ended", end: await world.manager.wait(id) });
  });

  it("lets any number of readers join at any offset, while it runs and after its end", async () => {
    const id = await startSession();
    const early = await world.manager.attach(id);
    world.machine.process().stdout?.write("0123456789");
    world.machine.process().exit(0);
    await world.manager.wait(id);
    const late = await world.manager.attach(id, { offset: 4 });
    assert.equal(await textOf(early), "0123456789");
    assert.equal(await textOf(late), "456789");
  });

  it("starts once: of two concurrent starts the second is refused and one process runs", async () => {
    const { id } = await world.manager.create(world.target("c1"), RUNS);
    const results = await Promise.allSettled([world.manager.start(id), world.manager.start(id)]);
    assert.deepEqual(results.map(codeOf), [undefined, "EXEC_WRONG_STATE"]);
    assert.equal(world.machine.processes.length, 1);
  });

  it("ends a session whose command cannot be started with Podman's exit code and the reason", async () => {
    const { id } = await world.manager.create(world.target("c1"), { command: [CANNOT_START] });
    await assertCode("EXEC_START_FAILED", world.manager.start(id));
    const end = await world.manager.wait(id);
    assert.deepEqual(
      [end.exitCode, end.reason, end.startError?.kind, end.startedAt],
      [127, "startFailed", "notFound", null],
    );
  });

  it("leaves a session created when its container was paused or stopped at start", async () => {
    const { id } = await world.manager.create(world.target("c1"), RUNS);
    world.machine.containers.set("c1", "paused");
    await assertCode("EXEC_CONTAINER_PAUSED", world.manager.start(id));
    world.machine.containers.set("c1", "running");
    assert.equal((await world.manager.start(id)).state, "running");
  });

  it("gives concurrent stops one result, and kills what ignores the signal", async () => {
    const id = await startSession({ command: [IGNORES_TERM] });
    const ends = await Promise.all([
      world.manager.stop(id, { timeout: 0.01 }),
      world.manager.stop(id, { timeout: 5 }),
    ]);
    assert.deepEqual(ends[0], ends[1]);
    assert.deepEqual([ends[0]?.exitCode, ends[0]?.signal, ends[0]?.reason], [137, "SIGKILL", "stopped"]);
  });

  it("lets a later stop with a shorter time-out bring the end forward", async () => {
    const id = await startSession({ command: [IGNORES_TERM] });
    const patient = world.manager.stop(id, { timeout: 3600 });
    await world.manager.stop(id, { timeout: 0 });
    assert.equal((await patient)?.exitCode, 137);
  });

  it("says timeout when the command ran longer than its limit", async () => {
    const id = await startSession({ command: ["runs"], timeout: 0.01 });
    const end = await world.manager.wait(id);
    assert.deepEqual([end.reason, end.exitCode, end.signal], ["timeout", 143, "SIGTERM"]);
  });

  it("says containerStopped when the container took the command with it", async () => {
    const id = await startSession();
    world.machine.stopContainer("c1");
    const end = await world.manager.wait(id);
    assert.deepEqual([end.reason, end.exitCode], ["containerStopped", 137]);
  });

  it("refuses to remove a running session without force, and stops it first with force", async () => {
    const id = await startSession();
    await assertCode("EXEC_WRONG_STATE", world.manager.remove(id));
    await world.manager.remove(id, { force: true });
    await setImmediate();
    assert.equal(world.machine.process().hasEnded, true);
    assert.deepEqual(eventTypes(id), ["created", "started", "stopping", "exited", "removed"]);
    await assertCode("EXEC_SESSION_NOT_FOUND", world.manager.inspect(id));
  });

  it("removes a session by force while it is being started, and leaves no process", async () => {
    const gate = Promise.withResolvers<void>();
    world.machine.startGate = gate.promise;
    const { id } = await world.manager.create(world.target("c1"), RUNS);
    const starting = world.manager.start(id);
    const removing = world.manager.remove(id, { force: true });
    gate.resolve();
    await Promise.all([starting, removing]);
    assert.deepEqual(
      world.machine.processes.map(({ hasEnded }) => hasEnded),
      [true],
    );
    await assertCode("EXEC_SESSION_NOT_FOUND", world.manager.start(id));
  });

  it("makes two concurrent removes one", async () => {
    const id = await startSession();
    await Promise.all([world.manager.remove(id, { force: true }), world.manager.remove(id, { force: true })]);
    await setImmediate();
    assert.equal(eventTypes(id).filter((type) => type === "removed").length, 1);
  });

  it("tells readers and waiters of a removed session, instead of leaving them waiting", async () => {
    const { id } = await world.manager.create(world.target("c1"), RUNS);
    const attachment = await world.manager.attach(id);
    const reading = textOf(attachment);
    const waiting = world.manager.wait(id);
    await Promise.all([world.manager.remove(id), assertCode("EXEC_SESSION_NOT_FOUND", waiting)]);
    assert.equal(await reading, "");
    assert.deepEqual(await attachment.ended, { kind: "removed", end: null });
  });

  it("removes all sessions of a container and none of another", async () => {
    const own = [await startSession(), await startSession()];
    const { id: other } = await world.manager.create(world.target("c2"), RUNS);
    const report = await world.manager.removeAll(world.target("c1"));
    assert.deepEqual([...report.removed].sort(), own.sort());
    assert.deepEqual(
      (await world.manager.list()).map(({ id }) => id),
      [other],
    );
  });

  it("keeps the values of the environment out of everything it tells, and takes them off the disk soon after the start", async () => {
    const secret = "hunter2-very-secret";
    const { id } = await world.manager.create(world.target("c1"), {
      command: ["runs"],
      env: { TOKEN: secret },
    });
    const started = await world.manager.start(id);
    const told = [started, await world.manager.inspect(id), await world.manager.list(), world.events];
    assert.equal(JSON.stringify(told).includes(secret), false);
    assert.deepEqual((await world.manager.inspect(id)).environmentNames, ["TOKEN"]);
    await waitUntil("it is off the disk", () => {
      const records = [...world.stateDirectory.sessions.values()];
      return records.length === 1 && !JSON.stringify(records).includes(secret);
    });
  });

  it("detaches on the detach keys, typed in one piece or key by key, and the session goes on", async () => {
    const id = await startSession({ command: ["runs"], tty: true, attachStdin: true });
    for (const pieces of [["ab\x10\x11"], ["ab\x10", "\x11"]]) {
      const attachment = await world.manager.attach(id, { interactive: true });
      for (const piece of pieces) await attachment.write(Buffer.from(piece));
      assert.deepEqual(await attachment.ended, { kind: "detached", by: "keys" });
    }
    assert.equal(world.machine.process().stdin?.read().toString(), "abab");
    assert.equal((await world.manager.inspect(id)).Running, true);
  });

  it("finds a session by the unique beginning of its id", async () => {
    const { id } = await world.manager.create(world.target("c1"), RUNS);
    assert.equal((await world.manager.inspect(id.slice(0, 10))).ID, id);
    await assertCode(
      "EXEC_SESSION_NOT_FOUND",
      world.manager.inspect(id.slice(0, 10).split("").reverse().join("")),
    );
    await assertCode("EXEC_INVALID_SESSION_ID", world.manager.inspect("../x"));
  });

  it("ends a session as lost, with no exit code, when its process ended while no manager watched", async () => {
    const id = await startSession();
    world.machine.crashManager();
    world.machine.process().exit(0);
    await world.reopen();
    const end = await world.manager.wait(id);
    assert.deepEqual([end.reason, end.exitCode, end.signal], ["lost", null, null]);
  });

  it("keeps a command that outlived its manager, can stop it, and says that its exit code is unknown", async () => {
    const id = await startSession();
    world.machine.crashManager();
    await world.reopen();
    assert.equal((await world.manager.inspect(id)).Running, true);
    const end = await world.manager.stop(id, { timeout: 1 });
    assert.deepEqual([end?.reason, end?.exitCode], ["stopped", null]);
  });

  it("runs create, start, attach, wait and remove in one, and leaves nothing", async () => {
    const output: OutputChunk[] = [];
    const running = world.manager.exec(world.target("c1"), RUNS, {
      output: (chunk) => void output.push(chunk),
    });
    const process = await until(() => world.machine.processes[0]);
    process.stdout?.write("all in one");
    process.exit(7);
    assert.equal((await running).exitCode, 7);
    assert.equal(
      Buffer.concat(output.flatMap((chunk) => (chunk.kind === "data" ? [chunk.data] : []))).toString(),
      "all in one",
    );
    assert.deepEqual(await world.manager.list(), []);
  });

  it("removes the session of an exec whose command could not be started", async () => {
    await assertCode(
      "EXEC_START_FAILED",
      world.manager.exec(world.target("c1"), { command: [CANNOT_START] }),
    );
    assert.deepEqual(await world.manager.list(), []);
  });

  it("removes what has become too old by itself: what has ended, and what nobody has started; never what runs", async () => {
    await world.dispose();
    world = await TestWorld.open(["c1"], { retention: { ...DEFAULT_RETENTION, maxAgeMs: 50, everyMs: 10 } });
    const ended = await startSession();
    world.machine.process().exit(0);
    const { id: created } = await world.manager.create(world.target("c1"), RUNS);
    const running = await startSession();
    await waitUntil("the old ones are gone", async () => (await world.manager.list()).length === 1);
    assert.deepEqual(
      (await world.manager.list()).map(({ id }) => id),
      [running],
    );
    for (const id of [ended, created]) await assertCode("EXEC_SESSION_NOT_FOUND", world.manager.inspect(id));
  });

  it("removes the oldest ended sessions beyond the retention limit", async () => {
    await world.dispose();
    world = await TestWorld.open(["c1"], { retention: { ...DEFAULT_RETENTION, maxEnded: 2 } });
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) {
      const id = await startSession();
      world.machine.process().exit(0);
      await world.manager.wait(id);
      ids.push(id);
    }
    await until(() => world.events.filter(({ type }) => type === "removed")[1]);
    assert.deepEqual(
      (await world.manager.list()).map(({ id }) => id),
      ids.slice(2),
    );
  });

  it("refuses every verb once it is closed", async () => {
    await world.manager.close();
    await assertCode("EXEC_CLOSED", world.manager.list());
  });
});

async function textOf(attachment: Attachment): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of attachment) if (chunk.kind === "data") chunks.push(chunk.data);
  return Buffer.concat(chunks).toString();
}

async function assertCode(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isSessionError(error) && error.code === code);
}

function codeOf(result: PromiseSettledResult<unknown>): string | undefined {
  return result.status === "rejected" && isSessionError(result.reason) ? result.reason.code : undefined;
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await setImmediate();
  }
}
