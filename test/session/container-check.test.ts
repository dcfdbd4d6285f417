import assert from "node:assert/strict";
import { assertContainerRuns, hasContainerStopped } from "../../src/session/container-check.ts";
import type { Container, ContainerState, ExecExit } from "../../src/session/runtime.ts";
import { SessionError } from "../../src/session/session-error.ts";
import { FakeMachine, FakeRuntime } from "../support/fake-runtime.ts";
import { sampleSession } from "../support/sample-session.ts";

const SESSION = sampleSession({ state: "running" });

describe("a container in which commands are to run", () => {
  function container(state: ContainerState): Container {
    return { id: "0123", name: "web", state, stopTimeout: null };
  }

  it("may be running", () => {
    assert.doesNotThrow(() => assertContainerRuns(container("running")));
  });

  for (const [state, code, sentence] of [
    ["paused", "EXEC_CONTAINER_PAUSED", "Container web is paused; unpause it before running commands in it."],
    [
      "created",
      "EXEC_CONTAINER_NOT_RUNNING",
      "Container web is created; start it before running commands in it.",
    ],
    [
      "stopped",
      "EXEC_CONTAINER_NOT_RUNNING",
      "Container web is stopped; start it before running commands in it.",
    ],
  ] as const) {
    it(`is refused when it is ${state}`, () => {
      assert.throws(() => assertContainerRuns(container(state)), {
        code,
        message: sentence,
        details: { container: "0123", state },
      });
    });
  }
});

describe("a command's container", () => {
  it("is asked for only when the command's end could be its own", async () => {
    for (const exitCode of [0, 1, 125, 126, 127, 128]) {
      const runtime = new AskedRuntime(["stopped"]);
      assert.equal(await hasContainerStopped(runtime, SESSION, exit(exitCode)), false);
      assert.equal(runtime.asked, 0);
    }
  });

  for (const exitCode of [null, 129, 137, 143, 255]) {
    it(`has stopped if its runtime says so after exit code ${exitCode}`, async () => {
      assert.equal(await hasContainerStopped(new AskedRuntime(["stopped"]), SESSION, exit(exitCode)), true);
    });
  }

  it("has stopped if its runtime no longer knows it", async () => {
    const runtime = new FakeRuntime(new FakeMachine());
    assert.equal(await hasContainerStopped(runtime, SESSION, exit(137)), true);
  });

  for (const state of ["running", "paused", "created"] as const) {
    it(`has not stopped while it is ${state}`, async () => {
      assert.equal(await hasContainerStopped(new AskedRuntime([state]), SESSION, exit(143)), false);
    });
  }

  it("has not stopped as far as anyone can tell, if the runtime cannot be asked", async () => {
    const runtime = new AskedRuntime([new SessionError("EXEC_RUNTIME_NOT_FOUND", "There is no crun.")]);
    assert.equal(await hasContainerStopped(runtime, SESSION, exit(143)), false);
  });

  it("is asked again after a SIGKILL, because the kernel kills its commands before it counts as stopped", async () => {
    const runtime = new AskedRuntime(["running", new Error("busy"), "running", "stopped"]);
    assert.equal(await hasContainerStopped(runtime, SESSION, exit(137)), true);
    assert.equal(runtime.asked, 4);
  });

  it("is asked for a second at the most after a SIGKILL, and once after any other signal", async () => {
    const killed = new AskedRuntime(["running"]);
    const begin = performance.now();
    assert.equal(await hasContainerStopped(killed, SESSION, exit(137)), false);
    const waitedMs = performance.now() - begin;
    assert.ok(killed.asked > 5 && waitedMs >= 1000, `asked ${killed.asked} times in ${waitedMs} ms`);
    const terminated = new AskedRuntime(["running"]);
    assert.equal(await hasContainerStopped(terminated, SESSION, exit(143)), false);
    assert.equal(terminated.asked, 1);
  });
});

function exit(exitCode: number | null): ExecExit {
  return { exitCode, signal: null, startError: null };
}

/** A runtime that gives one answer after the other about its container, the last one for ever. */
class AskedRuntime extends FakeRuntime {
  asked = 0;
  readonly #answers: readonly (ContainerState | Error)[];

  constructor(answers: readonly (ContainerState | Error)[]) {
    super(new FakeMachine());
    this.#answers = answers;
  }

  override async findContainer(id: string): Promise<Container> {
    assert.equal(id, SESSION.container.id);
    const answer = this.#answers[Math.min(this.asked++, this.#answers.length - 1)];
    if (answer === undefined || answer instanceof Error) throw answer;
    return { id, name: id, state: answer, stopTimeout: null };
  }
}
