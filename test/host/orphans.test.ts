import assert from "node:assert/strict";
import { appendFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { ContainerRef } from "../../src/session/exec-session.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { isThere } from "../runtime/host-pids.ts";
import { ContainerYard } from "../support/containers.ts";
import { HostWorld, type StartedHost, startSession } from "../support/host-world.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Ends in its own way when it is asked to, which is no secret to whoever watches it. */
const OBEYING = ["sh", "-c", 'trap "exit 3" TERM; while :; do sleep 0.05; done'];

for (const kind of ["crun", "runc"] as const) {
  describeNeeding(["root", kind], `commands in containers of ${kind} whose host was killed`, () => {
    let yard: ContainerYard;
    let target: ContainerRef;
    let world: HostWorld;

    before(async () => {
      yard = await ContainerYard.open(kind);
      target = { runtime: yard.spec, container: (await yard.startContainer()).id };
    });

    after(() => yard.close());

    beforeEach(() => {
      world = new HostWorld();
    });

    afterEach(() => world.dispose());

    for (const tty of [false, true]) {
      const how = tty ? "with" : "without";
      it(`are stopped ${how} a terminal if that is the policy, and said so`, async () => {
        const { id, pid } = await orphan(tty);
        const next = await world.start({ orphans: "stop" });
        const end = await world.clientOf(next.ready.socket).wait(id);
        assert.deepEqual([end.exitCode, end.signal, end.reason], [null, null, "stopped"]);
        await waitUntil("the command has ended", () => !isThere(pid));
        assert.match(world.log(), said(id, "still ran without its manager and is stopped"));
      });
    }

    it("are kept if that is the policy, said so, and end as lost with no exit code", async () => {
      const { id, pid } = await orphan(false);
      const next = await world.start({ orphans: "keep" });
      const service = world.clientOf(next.ready.socket);
      assert.deepEqual([(await service.inspect(id)).Pid, isThere(pid)], [pid, true]);
      assert.match(world.log(), said(id, "still runs without its output; its exit code will be unknown"));
      await service.kill(id, "SIGTERM");
      const end = await service.wait(id);
      assert.deepEqual([end.exitCode, end.signal, end.reason], [null, null, "lost"]);
      assert.equal(isThere(pid), false);
    });

    it("that have ended by then are lost, and said to be", async () => {
      const { id, pid } = await orphan(false);
      process.kill(pid, "SIGKILL");
      await waitUntil("the command has ended", () => !isThere(pid));
      const next = await world.start({ orphans: "stop" });
      const end = await world.clientOf(next.ready.socket).wait(id);
      assert.deepEqual([end.exitCode, end.signal, end.reason], [null, null, "lost"]);
      assert.match(world.log(), said(id, "ended while nothing watched it; its exit code is unknown"));
    });

    /** A command in the container, and its session, whose host is no more. */
    async function orphan(tty: boolean): Promise<{ readonly id: string; readonly pid: number }> {
      const host = await world.start();
      const service = world.clientOf(host.ready.socket);
      // Left to its output's end, a terminal hangs up on it.
      const command = tty ? ["sh", "-c", `trap "" HUP; ${OBEYING[2]}`] : OBEYING;
      const { id } = await service.create(target, { command, tty });
      await service.start(id);
      const { Pid } = await service.inspect(id);
      await kill(host);
      return { id, pid: Pid };
    }
  });
}

describe("records that a killed host left torn", () => {
  it("are said to be, and harm neither the others nor what is new", async () => {
    const world = new HostWorld();
    try {
      const host = await world.start();
      const service = world.clientOf(host.ready.socket);
      const run = async (code: number) => {
        const id = await startSession(service, ["sh", "-c", `exit ${code}`]);
        await service.wait(id);
        return id;
      };
      const [whole, cut, garbled] = [await run(1), await run(2), await run(3)];
      await kill(host);
      truncateSync(recordOf(world, cut), 100);
      appendFileSync(recordOf(world, garbled), "}");
      const next: SessionService = world.clientOf((await world.start()).ready.socket);
      assert.deepEqual(
        (await next.list()).map(({ id, end }) => [id, end?.exitCode]),
        [[whole, 1]],
      );
      await assert.rejects(next.inspect(cut), { code: "EXEC_SESSION_NOT_FOUND" });
      for (const id of [cut, garbled]) {
        assert.match(world.log(), new RegExp(`set-aside/${id}-1 is no readable session record`));
      }
      const id = await startSession(next, ["sh", "-c", "exit 4"]);
      assert.equal((await next.wait(id)).exitCode, 4);
    } finally {
      await world.dispose();
    }
  });
});

function said(id: string, what: string): RegExp {
  return new RegExp(`Session ${id.slice(0, 12)} ${what}\\.`);
}

function recordOf({ stateDir }: HostWorld, id: string): string {
  return join(stateDir, "sessions", id, "session.json");
}

async function kill({ child, ended }: StartedHost): Promise<void> {
  child.kill("SIGKILL");
  await ended;
}
