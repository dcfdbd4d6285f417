import assert from "node:assert/strict";
import type { ExecConfigInput } from "../../../src/session/exec-config.ts";
import { isSessionError } from "../../../src/session/session-error.ts";
import { CANNOT_START, IGNORES_TERM } from "../../support/fake-runtime.ts";
import { waitUntil } from "../../support/wait-until.ts";
import {
  assertCode,
  codeOf,
  eachWorld,
  type OpenContractWorld,
  RUNS,
  startSession,
  streamOf,
  TERMINAL,
  target,
} from "./contract-world.ts";

/** From create to remove. */
export function describeLifeContract(open: OpenContractWorld): void {
  describe("a session's life", () => {
    const world = eachWorld(open);

    it("begins with a record that has the whole configuration but the environment's values", async () => {
      const config: ExecConfigInput = {
        command: ["sh", "-c", "echo $A"],
        env: { A: "secret" },
        labels: { job: "nightly" },
        stopSignal: "INT",
        stopTimeout: 2.5,
        timeout: 60,
        user: "0",
        workDir: "/srv",
      };
      const session = await world.current.service.create(target(), config);
      assert.match(session.id, /^[0-9a-f]{64}$/);
      assert.deepEqual(session, {
        id: session.id,
        revision: 1,
        state: "created",
        runtime: target().runtime,
        container: { id: "c1", name: "c1", stopTimeout: null },
        config: {
          command: ["sh", "-c", "echo $A"],
          tty: false,
          attachStdin: false,
          attachStdout: true,
          attachStderr: true,
          env: {},
          privileged: false,
          user: "0",
          workDir: "/srv",
          preserveFds: [],
          extraFiles: [],
          timeout: 60,
          stopSignal: "SIGINT",
          stopTimeout: 2.5,
          labels: { job: "nightly" },
          output: { maxBytes: 67_108_864, replayBytes: 8_388_608, policy: "dropOldest" },
        },
        resolved: {
          user: { uid: 0, gid: 0, additionalGids: [] },
          workDir: "/srv",
          environmentNames: ["A"],
        },
        createdAt: session.createdAt,
        startedAt: null,
        pid: null,
        identity: null,
        output: { stdoutBytes: 0, stderrBytes: 0, firstOffset: 0, truncated: 0 },
        end: null,
      });
      assert.equal((await world.current.service.inspect(session.id)).ContainerID, "c1");
    });

    it("goes on to running and, with the command's exit code, to stopped", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), RUNS);
      const started = await service.start(id);
      assert.deepEqual([started.state, started.pid], ["running", machine.process().pid]);
      machine.process().exit(3);
      const end = await service.wait(id);
      assert.deepEqual([end.exitCode, end.reason, end.signal, end.heldOpen], [3, "exited", null, false]);
      const inspected = await service.inspect(id);
      assert.deepEqual([inspected.Running, inspected.ExitCode, inspected.Pid], [false, 3, 0]);
      assert.deepEqual(inspected.end, end);
    });

    it("starts once: of two starts at a time one is refused, and so is every later one", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), RUNS);
      const results = await Promise.allSettled([service.start(id), service.start(id)]);
      assert.deepEqual(results.map(codeOf).sort(), ["EXEC_WRONG_STATE", undefined]);
      await assertCode("EXEC_WRONG_STATE", service.start(id));
      assert.equal(machine.processes.length, 1);
    });

    it("ends at the start if the command cannot be run, with the reason in the error and in the end", async () => {
      const { service } = world.current;
      const { id } = await service.create(target(), { command: [CANNOT_START] });
      const error = await service.start(id).catch((reason: unknown) => reason);
      assert.ok(isSessionError(error));
      assert.deepEqual(
        [error.code, error.details.exitCode, error.details.startError],
        ["EXEC_START_FAILED", 127, { kind: "notFound", text: "cannot-start: not found" }],
      );
      assert.match(error.message, /could not start "cannot-start"/);
      const end = await service.wait(id);
      assert.deepEqual([end.exitCode, end.reason, end.startedAt], [127, "startFailed", null]);
    });

    it("ends with the signal that ended the command", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      machine.process().die("SIGSEGV");
      const end = await service.wait(id);
      assert.deepEqual([end.exitCode, end.signal, end.reason], [139, "SIGSEGV", "exited"]);
    });

    it("ends by one stop however many ask for it; a stop of an ended session gives its end", async () => {
      const { service } = world.current;
      const id = await startSession(world.current, { command: [IGNORES_TERM] });
      const [first, second] = await Promise.all([
        service.stop(id, { timeout: 0.02 }),
        service.stop(id, { timeout: 5 }),
      ]);
      assert.deepEqual([first?.exitCode, first?.signal, first?.reason], [137, "SIGKILL", "stopped"]);
      assert.deepEqual(second, first);
      assert.deepEqual(await service.stop(id), first);
    });

    it("ends at once by a stop with the time-out 0, and by the signal that the stop names", async () => {
      const { service } = world.current;
      const ends = [
        await service.stop(await startSession(world.current), { timeout: 0 }),
        await service.stop(await startSession(world.current), { signal: "SIGINT" }),
        await service.stop(await startSession(world.current), { signal: 15, timeout: 1e-3 }),
      ];
      assert.deepEqual(
        ends.map((end) => end?.signal),
        ["SIGKILL", "SIGINT", "SIGTERM"],
      );
    });

    it("takes signals by name and by number", async () => {
      const { service } = world.current;
      for (const [signal, name] of [
        ["usr1", "SIGUSR1"],
        [2, "SIGINT"],
      ] as const) {
        const id = await startSession(world.current);
        await service.kill(id, signal);
        assert.equal((await service.wait(id)).signal, name);
      }
    });

    it("has a terminal whose size can be set while it runs", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, TERMINAL);
      await service.resize(id, { columns: 132, rows: 43 });
      await service.resize(id, { columns: 65_535, rows: 1 });
      assert.deepEqual(machine.process().sizes, [
        { columns: 132, rows: 43 },
        { columns: 65_535, rows: 1 },
      ]);
    });

    it("ends for whoever waits when it is removed before it ran", async () => {
      const { service } = world.current;
      const { id } = await service.create(target(), RUNS);
      const waiting = assertCode("EXEC_SESSION_NOT_FOUND", service.wait(id));
      await service.remove(id);
      await waiting;
    });

    it("is waited for until the waiter gives up; the reason is then the waiter's own", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      const patience = new AbortController();
      const waiting = service.wait(id, { signal: patience.signal });
      const reason = new Error("that was long enough");
      patience.abort(reason);
      await assert.rejects(waiting, reason);
      await assert.rejects(service.wait(id, { signal: patience.signal }), reason);
      machine.process().exit(0);
      assert.equal((await service.wait(id)).exitCode, 0);
    });

    it("is removed only once it has ended, or by force", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current);
      await assertCode("EXEC_WRONG_STATE", service.remove(id));
      await service.remove(id, { force: true });
      assert.equal(machine.process().hasEnded, true);
      await assertCode("EXEC_SESSION_NOT_FOUND", service.inspect(id));
    });

    it("is removed by force also while a removal without force is being refused", async () => {
      const { service } = world.current;
      const id = await startSession(world.current);
      const refused = assertCode("EXEC_WRONG_STATE", service.remove(id));
      await service.remove(id, { force: true });
      await refused;
      await assertCode("EXEC_SESSION_NOT_FOUND", service.inspect(id));
    });

    it("runs in one call that leaves nothing: input, sizes, output, end", async () => {
      const { service, machine } = world.current;
      let output = "";
      const running = service.exec(target(), TERMINAL, {
        input: streamOf(Buffer.from("in")),
        resizes: streamOf({ columns: 100, rows: 50 }),
        output: (chunk) => {
          output += chunk.kind === "data" ? chunk.data : chunk.kind;
        },
      });
      await waitUntil("the command runs", () => machine.processes.length === 1);
      const process = machine.process();
      process.stdin?.on("data", (data: Buffer) => process.stdout?.write(`got ${data};`));
      await waitUntil("it has its input and its size", () => output !== "" && process.sizes.length > 0);
      process.exit(9);
      assert.equal((await running).exitCode, 9);
      assert.match(output, /^got in/);
      assert.deepEqual(process.sizes, [{ columns: 100, rows: 50 }]);
      assert.deepEqual(await service.list(), []);
    });

    it("runs in one call without any input, also in a terminal", async () => {
      const { service, machine } = world.current;
      const running = service.exec(target(), { command: ["runs"], tty: true });
      await waitUntil("the command runs", () => machine.processes.length === 1);
      machine.process().exit(0);
      assert.equal((await running).exitCode, 0);
    });

    it("leaves nothing of a call whose command cannot be run", async () => {
      const { service } = world.current;
      await assertCode("EXEC_START_FAILED", service.exec(target(), { command: [CANNOT_START] }));
      assert.deepEqual(await service.list(), []);
    });
  });
}
