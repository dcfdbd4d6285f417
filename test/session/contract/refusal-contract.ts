import assert from "node:assert/strict";
import type { ExecConfigInput } from "../../../src/session/exec-config.ts";
import type { ErrorCode } from "../../../src/session/session-error.ts";
import type { SessionService } from "../../../src/session/session-service.ts";
import {
  assertCode,
  eachWorld,
  type OpenContractWorld,
  RUNS,
  startSession,
  TERMINAL,
  target,
} from "./contract-world.ts";

type Call = (service: SessionService, id: string) => Promise<unknown>;

/** What is refused, with which code. */
export function describeRefusalContract(open: OpenContractWorld): void {
  describe("a bad call", () => {
    const world = eachWorld(open);

    for (const [code, raw] of [
      ["EXEC_INVALID_CONFIG", {}],
      ["EXEC_INVALID_CONFIG", { command: [] }],
      ["EXEC_INVALID_CONFIG", { command: "ls" }],
      ["EXEC_INVALID_CONFIG", { command: ["a\0b"] }],
      ["EXEC_INVALID_CONFIG", { ...RUNS, tty: true, attachStderr: true }],
      ["EXEC_INVALID_CONFIG", { ...RUNS, timeout: Number.NaN }],
      ["EXEC_INVALID_CONFIG", { ...RUNS, timeout: Number.POSITIVE_INFINITY }],
      ["EXEC_INVALID_CONFIG", { ...RUNS, env: { A: 1 } }],
      ["EXEC_INVALID_CONFIG", { ...RUNS, comand: ["typo"] }],
    ] as const) {
      it(`to create with ${JSON.stringify(raw)} is ${code}`, async () => {
        const { service } = world.current;
        await assertCode(code, service.create(target(), raw as unknown as ExecConfigInput));
        assert.deepEqual(await service.list(), []);
      });
    }

    for (const container of ["", "-v", "a/b", "../c1", "a b", "ü", "x".repeat(300)]) {
      it(`with the container ${JSON.stringify(container.slice(0, 10))} is EXEC_INVALID_CONTAINER_ID`, async () => {
        const { service } = world.current;
        await assertCode("EXEC_INVALID_CONTAINER_ID", service.create(target(container), RUNS));
        await assertCode("EXEC_INVALID_CONTAINER_ID", service.removeAll(target(container)));
      });
    }

    it("names a container that is not there, stopped or paused", async () => {
      const { service, machine } = world.current;
      await assertCode("EXEC_CONTAINER_NOT_FOUND", service.create(target("c3"), RUNS));
      const { id } = await service.create(target("c2"), RUNS);
      machine.containers.set("c2", "paused");
      await assertCode("EXEC_CONTAINER_PAUSED", service.create(target("c2"), RUNS));
      await assertCode("EXEC_CONTAINER_PAUSED", service.startAndAttach(id));
      machine.containers.set("c2", "stopped");
      await assertCode("EXEC_CONTAINER_NOT_RUNNING", service.create(target("c2"), RUNS));
      await assertCode("EXEC_CONTAINER_NOT_RUNNING", service.start(id));
    });

    const verbs: Readonly<Record<string, Call>> = {
      start: (service, id) => service.start(id),
      attach: (service, id) => service.attach(id),
      startAndAttach: (service, id) => service.startAndAttach(id),
      stop: (service, id) => service.stop(id),
      kill: (service, id) => service.kill(id, "SIGTERM"),
      resize: (service, id) => service.resize(id, { columns: 80, rows: 24 }),
      write: (service, id) => service.write(id, Buffer.from("x")),
      endInput: (service, id) => service.endInput(id),
      wait: (service, id) => service.wait(id),
      inspect: (service, id) => service.inspect(id),
      cleanup: (service, id) => service.cleanup(id),
      remove: (service, id) => service.remove(id),
    };
    const badIds: readonly (readonly [ErrorCode, unknown])[] = [
      ["EXEC_SESSION_NOT_FOUND", "0123456789abcdef".repeat(4)],
      ["EXEC_SESSION_NOT_FOUND", "0123"],
      ["EXEC_INVALID_SESSION_ID", ""],
      ["EXEC_INVALID_SESSION_ID", ".."],
      ["EXEC_INVALID_SESSION_ID", "../x"],
      ["EXEC_INVALID_SESSION_ID", "json"],
      ["EXEC_INVALID_SESSION_ID", "a?force=1#%2e"],
      ["EXEC_INVALID_SESSION_ID", "ABC"],
      ["EXEC_INVALID_SESSION_ID", "\ud800"],
      ["EXEC_INVALID_SESSION_ID", "a\nb\0c"],
      ["EXEC_INVALID_SESSION_ID", "f".repeat(65)],
      ["EXEC_INVALID_SESSION_ID", "f".repeat(100_000)],
      ["EXEC_INVALID_SESSION_ID", undefined],
      ["EXEC_INVALID_SESSION_ID", 12],
    ];
    for (const [verb, call] of Object.entries(verbs)) {
      it(`to ${verb} is told apart from a session that is not there`, async () => {
        for (const [code, id] of badIds) await assertCode(code, call(world.current.service, id as string));
      });
    }

    it("with digits that several ids begin with is EXEC_SESSION_AMBIGUOUS and names them", async () => {
      const { service } = world.current;
      const ids: string[] = [];
      // With 17 ids two begin with the same digit.
      while (ids.length < 17) ids.push((await service.create(target(), RUNS)).id);
      const digit = ids.map((id) => id[0]).find((first, index, all) => all.indexOf(first) !== index);
      const matches = ids.filter((id) => id[0] === digit);
      await assert.rejects(service.inspect(String(digit)), (error) => {
        assert.ok(error instanceof Error && "details" in error && "code" in error);
        assert.deepEqual(
          [error.code, error.details],
          ["EXEC_SESSION_AMBIGUOUS", { sessionId: digit, matches }],
        );
        return true;
      });
    });

    const badArguments: readonly (readonly [string, ErrorCode, Call])[] = [
      ["a negative offset", "EXEC_INVALID_ARGUMENT", (service, id) => service.attach(id, { offset: -1 })],
      ["a fractional offset", "EXEC_INVALID_ARGUMENT", (service, id) => service.attach(id, { offset: 0.5 })],
      [
        "an offset beyond numbers",
        "EXEC_INVALID_ARGUMENT",
        (service, id) => service.attach(id, { offset: 1e300 }),
      ],
      ["a negative time-out", "EXEC_INVALID_ARGUMENT", (service, id) => service.stop(id, { timeout: -1 })],
      ["an endless time-out", "EXEC_INVALID_ARGUMENT", (service, id) => service.stop(id, { timeout: 1e12 })],
      [
        "an unknown stop signal",
        "EXEC_INVALID_ARGUMENT",
        (service, id) => service.stop(id, { signal: "SIGNO" }),
      ],
      ["an unknown signal", "EXEC_INVALID_ARGUMENT", (service, id) => service.kill(id, "SIGNO")],
      ["signal 0", "EXEC_INVALID_ARGUMENT", (service, id) => service.kill(id, 0)],
      ["no columns", "EXEC_INVALID_SIZE", (service, id) => service.resize(id, { columns: 0, rows: 24 })],
      [
        "too many rows",
        "EXEC_INVALID_SIZE",
        (service, id) => service.resize(id, { columns: 80, rows: 65_536 }),
      ],
      [
        "a fractional size",
        "EXEC_INVALID_SIZE",
        (service, id) => service.resize(id, { columns: 80.5, rows: 24 }),
      ],
    ];
    for (const [what, code, call] of badArguments) {
      it(`with ${what} is ${code}, and the session is as it was`, async () => {
        const { service } = world.current;
        const id = await startSession(world.current, TERMINAL);
        await assertCode(code, call(service, id));
        assert.equal((await service.inspect(id)).Running, true);
      });
    }

    it("for a terminal is EXEC_NOT_A_TTY where there is none", async () => {
      const { service } = world.current;
      const id = await startSession(world.current);
      await assertCode("EXEC_NOT_A_TTY", service.resize(id, { columns: 80, rows: 24 }));
      await assertCode("EXEC_NOT_A_TTY", service.attach(id, { interactive: true }));
    });

    it("comes too late once the service is closed", async () => {
      const { service } = world.current;
      const id = await startSession(world.current);
      await service.close();
      for (const call of Object.values(verbs)) await assertCode("EXEC_CLOSED", call(service, id));
      await assertCode("EXEC_CLOSED", service.list());
      await assertCode("EXEC_CLOSED", service.create(target(), RUNS));
      await service.close();
    });
  });
}
