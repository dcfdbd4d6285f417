import assert from "node:assert/strict";
import type { ContainerDirectory } from "../../src/server/container-directory.ts";
import { findContainer, findTarget, findTargetOfSessions } from "../../src/server/find-target.ts";
import { KnownRuntimes } from "../../src/server/known-runtimes.ts";
import type { RuntimeSpec } from "../../src/session/exec-session.ts";
import type { Runtime } from "../../src/session/runtime.ts";
import { isSessionError, SessionError } from "../../src/session/session-error.ts";
import { assertCode } from "../session/contract/contract-world.ts";
import { FAKE_SPEC, FakeMachine, FakeRuntime } from "../support/fake-runtime.ts";
import { TestWorld } from "../support/test-world.ts";

const HERE: RuntimeSpec = { kind: "crun", path: "", root: "/run/a" };
const THERE: RuntimeSpec = { kind: "runc", path: "/usr/bin/runc", root: "" };
const BROKEN: RuntimeSpec = { kind: "crun", path: "/broken", root: "" };
const LATER: RuntimeSpec = { kind: "crun", path: "", root: "/run/later" };

describe("the container that a call means", () => {
  let reports: string[];
  let containers: ContainerDirectory;

  beforeEach(() => {
    reports = [];
    const machines: Readonly<Record<string, readonly string[]>> = {
      [HERE.root]: ["web", "both"],
      [THERE.root]: ["db", "both"],
      [LATER.root]: ["late"],
    };
    containers = new KnownRuntimes({
      provider: async (spec) => {
        if (spec.path === BROKEN.path)
          throw new SessionError("EXEC_RUNTIME_NOT_FOUND", "There is no /broken.");
        return runtimeWith(machines[spec.root] ?? []);
      },
      specs: [HERE, BROKEN, THERE],
      listContainers: async (runtime: Runtime) =>
        Promise.all([runtime.findContainer("web").catch(() => null)]).then((found) =>
          found.flatMap((each) => each ?? []),
        ),
      report: (sentence) => reports.push(sentence),
    });
  });

  it("is found in whichever known runtime has it, past one that is broken, and that is told", async () => {
    assert.deepEqual(await findTarget(containers, "web", {}), { runtime: HERE, container: "web" });
    assert.deepEqual(await findTarget(containers, "db", {}), { runtime: THERE, container: "db" });
    assert.deepEqual(reports, Array(2).fill("The runtime crun could not be asked: There is no /broken."));
  });

  it("is unknown if no runtime has it, and told to be in two if two have", async () => {
    await assertCode("EXEC_CONTAINER_NOT_FOUND", findTarget(containers, "none", {}));
    const error = await findTarget(containers, "both", {}).catch((reason: unknown) => reason);
    assert.ok(isSessionError(error));
    assert.deepEqual(
      [error.code, error.status, error.details.runtimes],
      ["EXEC_CONTAINER_AMBIGUOUS", 409, [HERE, THERE]],
    );
    assert.match(error.message, /crun --root \/run\/a; \/usr\/bin\/runc/);
  });

  it("is in the runtime that the call names, which is known from then on", async () => {
    const fields = { runtime: LATER.kind, runtimeRoot: LATER.root };
    assert.deepEqual(await findTarget(containers, "late", fields), { runtime: LATER, container: "late" });
    assert.deepEqual(containers.runtimes(), [HERE, BROKEN, THERE, LATER]);
    assert.deepEqual(await findTarget(containers, "late", {}), { runtime: LATER, container: "late" });
    await findTarget(containers, "late", fields);
    assert.equal(containers.runtimes().length, 4);
  });

  it("is not made known by a runtime that does not work", async () => {
    const fields = { runtime: BROKEN.kind, runtimePath: BROKEN.path };
    await assertCode("EXEC_RUNTIME_NOT_FOUND", findTarget(containers, "web", fields));
    await assertCode("EXEC_RUNTIME_NOT_FOUND", findContainer(containers, "web", fields));
  });

  it("is described with its runtime", async () => {
    const { runtime, container } = await findContainer(containers, "db", {});
    assert.deepEqual([runtime, container.state], [THERE, "running"]);
    assert.deepEqual(
      (await containers.list()).map(({ container: { id } }) => id),
      ["web"],
    );
  });

  it("that is gone is still found by the sessions that it left", async () => {
    const world = await TestWorld.open(["gone"]);
    await world.manager.create(world.target("gone"), { command: ["runs"] });
    world.machine.containers.delete("gone");
    const context = { containers, service: world.manager };
    assert.deepEqual(await findTargetOfSessions(context, "gone", {}), {
      runtime: FAKE_SPEC,
      container: "gone",
    });
    await assertCode("EXEC_CONTAINER_NOT_FOUND", findTargetOfSessions(context, "never", {}));
    await world.dispose();
  });
});

function runtimeWith(names: readonly string[]): Runtime {
  const machine = new FakeMachine();
  for (const name of names) machine.containers.set(name, "running");
  return new FakeRuntime(machine);
}
