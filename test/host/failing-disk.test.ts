import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attachment, SessionService } from "../../src/session/session-service.ts";
import { pidsRunning } from "../runtime/host-pids.ts";
import { ContainerYard } from "../support/containers.ts";
import { HostWorld, LOCAL, type StartedHost, startSession } from "../support/host-world.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

const DISK_SIZE = "1m";
const TALKING = ["sh", "-c", "echo before; read line; echo after; exit 7"];

describeNeeding(["root", "mount"], "a session host whose disk fails", () => {
  let world: HostWorld;
  let host: StartedHost;
  let service: SessionService;

  beforeEach(async () => {
    world = new HostWorld();
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_SIZE},mode=700`, "tmpfs", world.stateDir]);
    host = await world.start();
    service = world.clientOf(host.ready.socket);
  });

  afterEach(async () => {
    execFileSync("mount", ["-o", "remount,rw", world.stateDir]);
    await world.end();
    // The kernel may be at the end of those processes still.
    execFileSync("umount", ["--lazy", world.stateDir]);
    await world.dispose();
  });

  const failures = [
    { what: "is full", errno: "ENOSPC", fail: () => fillDisk(), heal: () => rmSync(filler()) },
    { what: "is read-only", errno: "EROFS", fail: () => remount("ro"), heal: () => remount("rw") },
  ];
  for (const { what, errno, fail, heal } of failures) {
    it(`says so of what is new, harms nothing that runs, and recovers by itself, when it ${what}`, async () => {
      const ended = await startSession(service, ["sh", "-c", "echo said; exit 3"]);
      await service.wait(ended);
      const running = await startSession(service, TALKING, { attachStdin: true });
      const attachment = await service.attach(running);
      fail();
      await assert.rejects(service.create(LOCAL, { command: ["true"] }), ({ code, details }) => {
        assert.deepEqual([code, details.errno], ["EXEC_STORE_FAILED", errno]);
        return true;
      });
      await attachment.write(Buffer.from("go on\n"));
      assert.equal(await textOf(attachment), "before\nafter\n");
      const end = await service.wait(running);
      assert.deepEqual([end.exitCode, end.reason], [7, "exited"]);
      assert.equal(await textOf(await service.attach(ended)), "said\n");
      const stopped = await service.list({ state: "stopped" });
      assert.deepEqual(stopped.map(({ id }) => id).sort(), [ended, running].sort());
      heal();
      await waitUntil("its end is on disk", () => world.log().includes("is on disk now"));
      const next = await startSession(service, ["sh", "-c", "exit 5"]);
      assert.equal((await service.wait(next)).exitCode, 5);
      host.child.kill("SIGKILL");
      await host.ended;
      const later = world.clientOf((await world.start()).ready.socket);
      assert.deepEqual(await later.wait(running), end);
    });
  }

  it("stops sessions, and itself, on a disk that is read-only", async () => {
    const [one, other] = [
      await startSession(service, ["sleep", "1000"]),
      await startSession(service, ["sleep", "1000"]),
    ];
    remount("ro");
    assert.equal((await service.stop(one))?.exitCode, 143);
    await assert.rejects(service.remove(one), { code: "EXEC_STORE_FAILED" });
    const end = service.wait(other);
    await service.list();
    host.child.kill("SIGTERM");
    assert.equal((await end).exitCode, 143);
    assert.equal(await host.ended, 0);
    assert.deepEqual(world.processes(), []);
  });

  it("writes what it could not write before as the last thing it does", async () => {
    const id = await startSession(service, ["sh", "-c", "read line; exit 7"], { attachStdin: true });
    remount("ro");
    await service.endInput(id);
    assert.equal((await service.wait(id)).exitCode, 7);
    remount("rw");
    host.child.kill("SIGTERM");
    assert.equal(await host.ended, 0);
    const next = world.clientOf((await world.start()).ready.socket);
    assert.equal((await next.wait(id)).exitCode, 7);
  });

  for (const kind of ["crun", "runc"] as const) {
    describeNeeding([kind], `right when ${kind} starts a command`, () => {
      it("has no command left behind, and says why", async () => {
        const yard = await ContainerYard.open(kind);
        const command = ["sleep", String(200_000 + process.pid)];
        try {
          const container = await yard.startContainer();
          const spec = { ...yard.spec, path: fillingRuntime(yard.program) };
          const { id } = await service.create({ runtime: spec, container: container.id }, { command });
          await assert.rejects(service.start(id), {
            code: "EXEC_START_FAILED",
            message: /exec_pid.*no space left on device/i,
          });
          assert.deepEqual(pidsRunning(command), []);
          rmSync(filler());
          assert.deepEqual((await service.wait(id)).startError?.kind, "runtime");
          await service.remove(id);
          const left = () => readdirSync(join(world.stateDir, "sessions"));
          await waitUntil("its files are gone", () => left().length === 0);
        } finally {
          await yard.close();
        }
      });
    });
  }

  function remount(mode: "ro" | "rw"): void {
    execFileSync("mount", ["-o", `remount,${mode}`, world.stateDir]);
  }

  function filler(): string {
    return join(world.stateDir, "filler");
  }

  function fillDisk(): void {
    assert.throws(() => writeFileSync(filler(), Buffer.alloc(2 * 1024 * 1024)), { code: "ENOSPC" });
  }

  /** A runtime that finds the disk filled up by others before it starts a command. */
  function fillingRuntime(program: string): string {
    const path = join(world.folder, "runtime");
    const fill = `dd if=/dev/zero of=${filler()} bs=4096 2>/dev/null`;
    const script = `#!/bin/sh\ncase " $* " in *" exec "*) ${fill};; esac\nexec ${program} "$@"\n`;
    writeFileSync(path, script, { mode: 0o755 });
    return path;
  }
});

async function textOf(attachment: Attachment): Promise<string> {
  let text = "";
  for await (const chunk of attachment) text += chunk.kind === "data" ? chunk.data.toString() : "";
  return text;
}
