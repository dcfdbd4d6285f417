import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import type { EndReason, SessionState } from "../../src/session/exec-session.ts";
import { isSessionError } from "../../src/session/session-error.ts";
import type { SessionEvent } from "../../src/session/session-event.ts";
import { type SignalName, signalNumber } from "../../src/session/signals.ts";
import { CANNOT_START, type FakeProcess, IGNORES_TERM } from "../support/fake-runtime.ts";
import { TestWorld } from "../support/test-world.ts";

/** The reference model: what is known of a session without any of the code under test. */
interface ModelSession {
  readonly id: string;
  readonly container: string;
  readonly command: string;
  readonly tty: boolean;
  state: SessionState | "removed";
  exitCode: number | null;
  reason: EndReason | null;
  process: FakeProcess | null;
  /** Another manager started it, so nobody can know its exit code. */
  isAdopted: boolean;
}

interface Model {
  readonly sessions: ModelSession[];
  readonly containers: Map<string, "running" | "paused" | "stopped">;
}

type Command = fc.AsyncCommand<Model, TestWorld>;

const CONTAINERS = ["c1", "c2"];
/** Long enough to be a wait, short enough for thousands of them. */
const STOP_TIMEOUT_S = 0.002;
const SEQUENCES = 5000;

describe("the session manager against a reference model", function () {
  this.timeout(300_000);

  it("agrees with the model after every step of random sequences of verbs, exits, container stops and crashes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(arbitraryCommands(), { maxCommands: 40, size: "max" }),
        async (commands) => {
          const world = await TestWorld.open(CONTAINERS);
          const containers = new Map(CONTAINERS.map((name) => [name, "running" as const]));
          try {
            await fc.asyncModelRun(() => ({ model: { sessions: [], containers }, real: world }), commands);
          } finally {
            await world.dispose();
          }
        },
      ),
      { numRuns: SEQUENCES },
    );
  });
});

function arbitraryCommands(): fc.Arbitrary<Command>[] {
  const at = fc.nat({ max: 9 });
  const container = fc.constantFrom(...CONTAINERS);
  const command = fc.constantFrom("runs", "runs", "runs", IGNORES_TERM, CANNOT_START);
  return [
    fc.tuple(container, command, fc.boolean()).map(([c, name, tty]) => create(c, name, tty)),
    at.map(start),
    at.map(start),
    at.map(start),
    fc.tuple(at, fc.constantFrom(0, 1, 3, 125, 127, 255)).map(([i, code]) => exit(i, code)),
    fc.tuple(at, fc.boolean()).map(([i, now]) => stop(i, now)),
    fc
      .tuple(at, fc.constantFrom<SignalName>("SIGTERM", "SIGKILL", "SIGHUP"))
      .map(([i, signal]) => kill(i, signal)),
    fc.tuple(at, fc.boolean()).map(([i, force]) => remove(i, force)),
    at.map(cleanup),
    at.map(resize),
    at.map(write),
    container.map(removeAll),
    fc
      .tuple(container, fc.constantFrom("running", "paused", "stopped"))
      .map(([c, state]) => setContainer(c, state)),
    fc.array(at, { maxLength: 3 }).map(crash),
  ];
}

function create(container: string, name: string, tty: boolean): Command {
  return command(`create ${name} in ${container}${tty ? " with tty" : ""}`, async (model, world) => {
    const made = await outcome(
      world.manager.create(world.target(container), { command: [name], tty, stopTimeout: STOP_TIMEOUT_S }),
    );
    const expected = containerError(model, container);
    assert.equal(made.code, expected);
    if (made.value === undefined) return;
    const { id } = made.value;
    const session = {
      id,
      container,
      command: name,
      tty,
      exitCode: null,
      reason: null,
      process: null,
      isAdopted: false,
    };
    model.sessions.push({ ...session, state: "created" });
  });
}

function start(index: number): Command {
  return onSession(`start ${index}`, index, async (model, world, session) => {
    const { code } = await outcome(world.manager.start(session.id));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    if (session.state !== "created") return assert.equal(code, "EXEC_WRONG_STATE");
    const refused = containerError(model, session.container);
    if (refused !== undefined) return assert.equal(code, refused);
    if (session.command === CANNOT_START) {
      assert.equal(code, "EXEC_START_FAILED");
      return end(session, 127, "startFailed");
    }
    assert.equal(code, undefined);
    session.state = "running";
    session.process = world.machine.process();
  });
}

function exit(index: number, exitCode: number): Command {
  return onSession(`exit ${index} with ${exitCode}`, index, async (_model, world, session) => {
    if (session.state !== "running") return;
    session.process?.exit(exitCode);
    await world.manager.wait(session.id);
    end(session, session.isAdopted ? null : exitCode, session.isAdopted ? "lost" : "exited");
  });
}

function stop(index: number, isNow: boolean): Command {
  return onSession(`stop ${index}${isNow ? " at once" : ""}`, index, async (_model, world, session) => {
    const { code } = await outcome(world.manager.stop(session.id, { timeout: isNow ? 0 : STOP_TIMEOUT_S }));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    if (session.state === "created") return assert.equal(code, "EXEC_WRONG_STATE");
    assert.equal(code, undefined);
    if (session.state === "running")
      end(session, exitCodeOf(session, killingSignal(session, isNow)), "stopped");
  });
}

function kill(index: number, signal: SignalName): Command {
  return onSession(`kill ${index} with ${signal}`, index, async (_model, world, session) => {
    const { code } = await outcome(world.manager.kill(session.id, signal));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    if (session.state !== "running") return assert.equal(code, "EXEC_WRONG_STATE");
    assert.equal(code, undefined);
    if (signal === "SIGTERM" && session.command === IGNORES_TERM) return;
    await world.manager.wait(session.id);
    end(session, exitCodeOf(session, signal), session.isAdopted ? "lost" : "stopped");
  });
}

function remove(index: number, force: boolean): Command {
  return onSession(`remove ${index}${force ? " by force" : ""}`, index, async (_model, world, session) => {
    const { code } = await outcome(world.manager.remove(session.id, { force }));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    if (session.state === "running" && !force) return assert.equal(code, "EXEC_WRONG_STATE");
    assert.equal(code, undefined);
    session.state = "removed";
  });
}

function cleanup(index: number): Command {
  return onSession(`cleanup ${index}`, index, async (_model, world, session) => {
    const { code } = await outcome(world.manager.cleanup(session.id));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    assert.equal(code, session.state === "running" ? "EXEC_WRONG_STATE" : undefined);
  });
}

function resize(index: number): Command {
  return onSession(`resize ${index}`, index, async (_model, world, session) => {
    const { code } = await outcome(world.manager.resize(session.id, { columns: 100, rows: 40 }));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    if (session.state !== "running") return assert.equal(code, "EXEC_WRONG_STATE");
    assert.equal(code, session.tty ? undefined : "EXEC_NOT_A_TTY");
  });
}

function write(index: number): Command {
  return onSession(`write ${index}`, index, async (_model, world, session) => {
    const { code } = await outcome(world.manager.write(session.id, Buffer.from("x")));
    if (session.state === "removed") return assert.equal(code, "EXEC_SESSION_NOT_FOUND");
    assert.equal(code, session.state === "running" ? "EXEC_STDIN_NOT_ATTACHED" : "EXEC_WRONG_STATE");
  });
}

function removeAll(container: string): Command {
  return command(`remove all of ${container}`, async (model, world) => {
    const report = await world.manager.removeAll(world.target(container));
    const own = model.sessions.filter(
      (session) => session.container === container && session.state !== "removed",
    );
    assert.deepEqual([...report.removed].sort(), own.map(({ id }) => id).sort());
    assert.deepEqual(report.failed, []);
    for (const session of own) session.state = "removed";
  });
}

function setContainer(container: string, state: "running" | "paused" | "stopped"): Command {
  return command(`container ${container} is ${state}`, async (model, world) => {
    model.containers.set(container, state);
    if (state !== "stopped") {
      world.machine.containers.set(container, state);
      return;
    }
    world.machine.stopContainer(container);
    for (const session of model.sessions) {
      if (session.container !== container || session.state !== "running") continue;
      await world.manager.wait(session.id);
      end(session, exitCodeOf(session, "SIGKILL"), "containerStopped");
    }
  });
}

function crash(dying: readonly number[]): Command {
  return command(
    `crash of the manager, during which ${dying.join(", ") || "nothing"} ended`,
    async (model, world) => {
      world.machine.crashManager();
      for (const index of dying) {
        const session = model.sessions[index];
        if (session?.state !== "running") continue;
        session.process?.exit(0);
        end(session, null, "lost");
      }
      await world.reopen();
      for (const session of model.sessions) session.isAdopted ||= session.state === "running";
    },
  );
}

/** A step, and after it the comparison of everything that can be seen with the model. */
function command(name: string, run: (model: Model, world: TestWorld) => Promise<void>): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, world) {
      await run(model, world);
      await assertAgrees(model, world);
    },
  };
}

function onSession(
  name: string,
  index: number,
  run: (model: Model, world: TestWorld, session: ModelSession) => Promise<void>,
): Command {
  const step = command(name, async (model, world) => {
    const session = model.sessions[index % model.sessions.length];
    if (session !== undefined) await run(model, world, session);
  });
  return { ...step, check: (model) => model.sessions.length > 0 };
}

async function assertAgrees(model: Model, world: TestWorld): Promise<void> {
  const seen = (await world.manager.list()).map(({ id, state, end }) =>
    row(id, state, end?.exitCode ?? null, end?.reason ?? null),
  );
  const expected = model.sessions
    .filter(({ state }) => state !== "removed")
    .map(({ id, state, exitCode, reason }) => row(id, state, exitCode, reason));
  assert.deepEqual(seen.sort(), expected.sort());
  // Whoever reads events has had them once all promises that are settled have been seen to be.
  await setImmediate();
  assertEventsAgree(model, world.events);
}

function assertEventsAgree(model: Model, events: readonly SessionEvent[]): void {
  for (const { id, state, reason } of model.sessions) {
    const types = events.filter((event) => event.sessionId === id).map(({ type }) => type);
    const ends = types.filter((type) => type === "exited" || type === "lost");
    if (reason !== null) assert.equal(ends.length, 1, `session ${id} has ${ends.length} end events`);
    assert.equal(types.filter((type) => type === "removed").length, state === "removed" ? 1 : 0);
  }
}

function row(id: string, state: string, exitCode: number | null, reason: string | null): string {
  return `${id} ${state} ${exitCode} ${reason}`;
}

function containerError(model: Model, container: string): string | undefined {
  switch (model.containers.get(container)) {
    case "paused":
      return "EXEC_CONTAINER_PAUSED";
    case "stopped":
      return "EXEC_CONTAINER_NOT_RUNNING";
    default:
      return undefined;
  }
}

function killingSignal(session: ModelSession, isNow: boolean): SignalName {
  return isNow || session.command === IGNORES_TERM ? "SIGKILL" : "SIGTERM";
}

function exitCodeOf(session: ModelSession, signal: SignalName): number | null {
  return session.isAdopted ? null : 128 + signalNumber(signal);
}

function end(session: ModelSession, exitCode: number | null, reason: EndReason): void {
  Object.assign(session, { state: "stopped", exitCode, reason });
}

interface Outcome<T> {
  readonly value?: T;
  readonly code?: string;
}

async function outcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    assert(isSessionError(error), `not a SessionError: ${error}`);
    return { code: error.code };
  }
}
