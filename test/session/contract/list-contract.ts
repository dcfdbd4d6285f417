import assert from "node:assert/strict";
import { eachWorld, type OpenContractWorld, RUNS, startSession, target } from "./contract-world.ts";

/** Finding sessions, and removing those of a container. */
export function describeListContract(open: OpenContractWorld): void {
  describe("a list of sessions", () => {
    const world = eachWorld(open);

    it("has a row for each, with what it needs to be told apart", async () => {
      const { service } = world.current;
      const { id, createdAt } = await service.create(target(), { ...RUNS, labels: { "a=b": "c&d", ü: "ß" } });
      assert.deepEqual(await service.list(), [
        {
          id,
          state: "created",
          legacy: false,
          command: ["runs"],
          containerId: "c1",
          pid: null,
          createdAt,
          labels: { "a=b": "c&d", ü: "ß" },
          end: null,
        },
      ]);
    });

    it("can be limited to a container, a state and labels", async () => {
      const { service, machine } = world.current;
      const labels = { "a=b": "c&d" };
      const created = (await service.create(target(), RUNS)).id;
      const labelled = (await service.create(target("c2"), { ...RUNS, labels })).id;
      const running = await startSession(world.current);
      const ended = await startSession(world.current);
      machine.process().exit(1);
      await service.wait(ended);
      const ids = async (filter: Parameters<typeof service.list>[0]) =>
        (await service.list(filter)).map(({ id }) => id);
      assert.deepEqual(await ids({}), [created, labelled, running, ended]);
      assert.deepEqual(await ids({ container: "c2" }), [labelled]);
      assert.deepEqual(await ids({ state: "created", labels }), [labelled]);
      assert.deepEqual(await ids({ state: "stopped" }), [ended]);
      assert.deepEqual(await ids({ container: "c1", labels }), []);
      assert.equal((await service.list({ state: "stopped" }))[0]?.end?.exitCode, 1);
    });

    it("shrinks by all sessions of a container at once, running or not, and by no other", async () => {
      const { service, machine } = world.current;
      const own = [await startSession(world.current), await startSession(world.current)];
      own.push((await service.create(target(), RUNS)).id);
      const other = (await service.create(target("c2"), RUNS)).id;
      machine.containers.delete("c1");
      const report = await service.removeAll(target());
      assert.deepEqual([...report.removed].sort(), own.sort());
      assert.deepEqual(report.failed, []);
      assert.deepEqual(
        (await service.list()).map(({ id }) => id),
        [other],
      );
    });

    it("tells which session could not be removed, and why", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, { ...RUNS, stopTimeout: 0.01 });
      const process = machine.process();
      process.kill = async () => "delivered";
      process.killAll = async () => {
        throw new Error("the kernel said no");
      };
      const report = await service.removeAll(target());
      assert.deepEqual(
        report.failed.map(({ id: failed, error }) => [failed, error.code, error.message]),
        [[id, "EXEC_RUNTIME_FAILED", "the kernel said no"]],
      );
      process.exit(0);
    });
  });
}
