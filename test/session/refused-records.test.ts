import assert from "node:assert/strict";
import type { ExecConfigInput } from "../../src/session/exec-config.ts";
import { MemoryStateDirectory } from "../../src/store/memory-store.ts";
import { RefusingStore } from "../support/refusing-store.ts";
import { TestWorld } from "../support/test-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const RUNS: ExecConfigInput = { command: ["runs"] };

describe("a session whose record the store refuses", () => {
  let directory: MemoryStateDirectory;
  let store: RefusingStore;
  let world: TestWorld;
  let id: string;

  beforeEach(async () => {
    directory = new MemoryStateDirectory();
    store = new RefusingStore(directory);
    world = await TestWorld.open(["c1"], { store });
    id = (await world.manager.create(world.target("c1"), RUNS)).id;
  });

  afterEach(() => world.dispose());

  it("does not start, and can be started once the store takes it", async () => {
    store.refuses = () => true;
    await assert.rejects(world.manager.start(id), { code: "EXEC_STORE_FAILED" });
    assert.equal(world.machine.processes.length, 0);
    assert.equal((await world.manager.inspect(id)).state, "created");
    store.refuses = () => false;
    await world.manager.start(id);
    assert.equal(world.machine.processes.length, 1);
  });

  it("goes on where it has begun, is stopped like any other, and is on record once the store takes it", async () => {
    store.refuses = ({ pid, end }) => pid !== null || end !== null;
    const { pid } = await world.manager.start(id);
    assert.equal(pid, world.machine.process().pid);
    // What is on disk says that a command may be running.
    const [found] = store.snapshot().sessions;
    assert.deepEqual([found?.state, found?.pid], ["running", null]);
    const end = await world.manager.stop(id);
    assert.deepEqual([end?.exitCode, end?.reason], [143, "stopped"]);
    assert.equal(world.machine.process().hasEnded, true);
    store.refuses = () => false;
    await waitUntil("its end is on record", () => saved()?.end !== null);
    assert.deepEqual(saved()?.end, end);
  });

  it("harms no other, and keeps its end for whoever asks", async () => {
    const other = (await world.manager.create(world.target("c1"), RUNS)).id;
    store.refuses = (session) => session.id === id && session.pid !== null;
    await world.manager.start(id);
    await world.manager.start(other);
    store.refuses = (session) => session.id === id;
    for (const process of world.machine.processes) process.exit(5);
    assert.deepEqual(
      (await Promise.all([id, other].map((each) => world.manager.wait(each)))).map((end) => end.exitCode),
      [5, 5],
    );
    assert.equal(directory.sessions.get(other)?.end?.exitCode, 5);
    assert.equal((await world.manager.inspect(id)).ExitCode, 5);
  });

  function saved() {
    return directory.sessions.get(id);
  }
});
