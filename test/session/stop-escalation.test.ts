import assert from "node:assert/strict";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { parseExecConfig } from "../../src/session/exec-config.ts";
import { showValue } from "../../src/session/session-error.ts";
import { defaultStop, parseStopRequest, StopEscalation } from "../../src/session/stop-escalation.ts";
import { ChildExecProcess } from "../support/child-exec-process.ts";
import { sampleSession } from "../support/sample-session.ts";

/** Far beyond any test's time: a stop that ends did not wait for it. */
const LONG_MS = 600_000;

describe("a stop", () => {
  const commands: ChildExecProcess[] = [];

  afterEach(async () => {
    for (const command of commands.splice(0)) {
      await command.killAll();
      await command.exited;
      command.release();
    }
  });

  /** Starts a script and waits until it says that it is ready for a signal. */
  async function run(script: string): Promise<ChildExecProcess> {
    const command = new ChildExecProcess(["sh", "-c", script]);
    commands.push(command);
    await once(command.stdout, "data");
    return command;
  }

  it("is over as soon as the command obeys the signal, and leaves no timer, also if it is hastened then", async () => {
    const command = await run("trap 'exit 7' INT; echo ready; while :; do sleep 0.01; done");
    const timers = countTimers();
    const stop = new StopEscalation(command);
    await stop.run({ signal: "SIGINT", timeoutMs: LONG_MS });
    stop.hasten(LONG_MS / 2);
    assert.equal((await command.exited).exitCode, 7);
    assert.equal(countTimers(), timers);
  });

  it("kills what is left of a command that obeyed: its background children", async () => {
    const command = await run("sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done' & wait");
    // The child holds the pipe, so the pipe's end is the child's.
    const closed = once(command.stdout, "close");
    command.stdout.resume();
    await new StopEscalation(command).run({ signal: "SIGTERM", timeoutMs: LONG_MS });
    assert.equal((await command.exited).signal, "SIGTERM");
    await closed;
  });

  it("kills a command that ignores the signal, once the time is over and not before", async () => {
    const command = await run("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    const begin = performance.now();
    await new StopEscalation(command).run({ signal: "SIGTERM", timeoutMs: 300 });
    assert.equal((await command.exited).signal, "SIGKILL");
    assert.ok(performance.now() - begin >= 300);
  });

  it("with no time kills at once, and sends no other signal before", async () => {
    const command = await run("echo ready; sleep 300");
    await new StopEscalation(command).run({ signal: "SIGTERM", timeoutMs: 0 });
    assert.equal((await command.exited).signal, "SIGKILL");
    assert.deepEqual(command.signals, []);
  });

  it("does no harm to a command that has ended already", async () => {
    const command = new ChildExecProcess(["true"]);
    commands.push(command);
    await command.exited;
    await new StopEscalation(command).run({ signal: "SIGTERM", timeoutMs: LONG_MS });
    assert.deepEqual(await command.exited, { exitCode: 0, signal: null, startError: null });
  });

  it("can be brought forward by a later, shorter request", async () => {
    const command = await run("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    const stop = new StopEscalation(command);
    const stopped = stop.run({ signal: "SIGTERM", timeoutMs: LONG_MS });
    stop.hasten(0);
    await stopped;
    assert.equal((await command.exited).signal, "SIGKILL");
  });

  it("can be brought forward before it has begun", async () => {
    const command = await run("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    const stop = new StopEscalation(command);
    stop.hasten(0);
    await stop.run({ signal: "SIGTERM", timeoutMs: LONG_MS });
    assert.equal((await command.exited).signal, "SIGKILL");
  });

  it("is not put off by a later, longer request", async () => {
    const command = await run("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    const stop = new StopEscalation(command);
    const stopped = stop.run({ signal: "SIGTERM", timeoutMs: 100 });
    stop.hasten(LONG_MS);
    await stopped;
    assert.equal((await command.exited).signal, "SIGKILL");
  });

  it("that cannot signal the command fails, and leaves no timer", async () => {
    const command = await run("echo ready; sleep 300");
    const timers = countTimers();
    command.kill = async () => {
      throw new Error("no permission");
    };
    const stopped = new StopEscalation(command).run({ signal: "SIGTERM", timeoutMs: LONG_MS });
    await assert.rejects(stopped, { message: "no permission" });
    await setImmediate();
    assert.equal(countTimers(), timers);
  });
});

describe("a stop of which nothing is said", () => {
  for (const [said, own, expected] of [
    [{}, null, { signal: "SIGTERM", timeoutMs: 10_000 }],
    [{}, 3, { signal: "SIGTERM", timeoutMs: 3000 }],
    [{}, 0, { signal: "SIGTERM", timeoutMs: 0 }],
    [{ stopTimeout: 0.5, stopSignal: "int" }, 3, { signal: "SIGINT", timeoutMs: 500 }],
    [{ stopTimeout: 0 }, 3, { signal: "SIGTERM", timeoutMs: 0 }],
    [{}, 2 ** 32, { signal: "SIGTERM", timeoutMs: 2_147_483_000 }],
  ] as const) {
    it(`takes ${showValue(expected)} from ${showValue(said)} and the container's ${own}`, () => {
      const session = sampleSession({
        config: parseExecConfig({ command: ["true"], ...said }),
        container: { id: "web", name: "web", stopTimeout: own },
      });
      assert.deepEqual(defaultStop(session), expected);
    });
  }
});

describe("a stop request", () => {
  const FALLBACK = { signal: "SIGTERM", timeoutMs: 10_000 } as const;

  for (const [options, expected] of [
    [{}, FALLBACK],
    [{ timeout: 0 }, { signal: "SIGTERM", timeoutMs: 0 }],
    [{ timeout: 1.5 }, { signal: "SIGTERM", timeoutMs: 1500 }],
    [{ timeout: 2_147_483 }, { signal: "SIGTERM", timeoutMs: 2_147_483_000 }],
    [{ signal: "hup" }, { signal: "SIGHUP", timeoutMs: 10_000 }],
    [
      { signal: 9, timeout: 1 },
      { signal: "SIGKILL", timeoutMs: 1000 },
    ],
  ] as const) {
    it(`says ${showValue(options)} over the default`, () => {
      assert.deepEqual(parseStopRequest(options, FALLBACK), expected);
    });
  }

  for (const timeout of [
    -1,
    -0.001,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2_147_484,
    "10",
    null,
    true,
    10n,
  ]) {
    it(`is refused with timeout ${showValue(timeout)}`, () => {
      assert.throws(() => parseStopRequest({ timeout: timeout as number }, FALLBACK), {
        code: "EXEC_INVALID_ARGUMENT",
        message: `"timeout" must be a number of seconds from 0 to 2147483; got ${showValue(timeout)}.`,
        details: { field: "timeout" },
      });
    });
  }

  it("is refused with a signal that is none", () => {
    assert.throws(() => parseStopRequest({ signal: "SIGFOO" }, FALLBACK), {
      code: "EXEC_INVALID_ARGUMENT",
      message: /^"signal" must be a signal's name .*; got "SIGFOO"\.$/,
      details: { field: "signal" },
    });
  });
});

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
