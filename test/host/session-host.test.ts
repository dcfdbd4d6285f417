import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { ownPidNamespace, readProcessIdentity } from "../../src/process/process-identity.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { HostWorld, LOCAL, startSession } from "../support/host-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const SLEEP = ["sleep", "1000"];
/** Ends in its own way. */
const OBEYING = ["sh", "-c", 'trap "exit 3" TERM; echo ready; while :; do sleep 0.01; done'];
/** Ends only with SIGKILL. */
const STUBBORN = ["sh", "-c", 'trap "" TERM; echo ready; while :; do sleep 1; done'];

describe("the session host", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it("says once on its output that it is ready, and then closes it", async () => {
    // start() reads to the end of the output, so it would not come back otherwise.
    const { ready, pid } = await world.start();
    assert.deepEqual(ready, { socket: join(world.stateDir, "host.sock"), pid, version: "0.1.0" });
    // Between the two steps, closing it and putting /dev/null in its place, it is nothing at all.
    await waitUntil("its output is /dev/null", () => outputOf(pid) === "/dev/null");
  });

  it("tells in its state directory who it is, for its owner only", async () => {
    const { pid, ready } = await world.start();
    assert.deepEqual(JSON.parse(readFileSync(join(world.stateDir, "host.json"), "utf8")), {
      ...readProcessIdentity(pid),
      pidNamespace: ownPidNamespace(),
      socket: basename(ready.socket),
      version: ready.version,
      unit: null,
      orphans: "keep",
    });
    for (const name of ["host.json", "host.log", "host.sock"]) {
      assert.equal(lstatSync(join(world.stateDir, name)).mode & 0o777, 0o600, name);
    }
  });

  it("refuses a state directory that another host serves, names that one, and leaves it alone", async () => {
    const first = await world.start();
    await assert.rejects(world.start(), new RegExp(`EXEC_STATE_DIR_IN_USE.*${first.pid}`));
    assert.equal(
      (await world.clientOf(first.ready.socket).version()).Components[0]?.Details.Pid,
      String(first.pid),
    );
  });

  it("refuses options that it does not know, in one sentence", async () => {
    await assert.rejects(world.start({ idleSeconds: -1 }), /The host's \\"idleSeconds\\" is wrong/);
  });

  it("goes on after a fault that nobody expected, and tells it in its log", async () => {
    const host = await world.start({}, { program: new URL("./fixtures/faulty-host.ts", import.meta.url) });
    await waitUntil("the fault is in the log", () => world.log().includes("Fault: Error: a defect"));
    assert.deepEqual(await world.clientOf(host.ready.socket).list(), []);
  });
});

describe("an idle session host", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it("leaves by itself, and leaves nothing that says it were there", async () => {
    const host = await world.start({ idleSeconds: 0.1 });
    assert.equal(await host.ended, 0);
    for (const name of ["host.json", "host.sock", "host.sock.leaving"]) {
      assert.equal(existsSync(join(world.stateDir, name)), false, name);
    }
    assert.match(world.log(), /Leaves: no session runs and no client is connected\./);
  });

  it("stays while a session runs, and leaves when that has ended", async () => {
    const host = await world.start({ idleSeconds: 0.1 });
    const client = world.clientOf(host.ready.socket);
    const id = await startSession(client, ["sh", "-c", "sleep 1; exit 5"]);
    await client.close();
    assert.equal(await host.ended, 0);
    // Had it left before, nobody would know this exit code.
    const next = world.clientOf((await world.start()).ready.socket);
    assert.equal((await next.inspect(id)).ExitCode, 5);
  });

  it("stays while a client is connected that says nothing", async () => {
    const host = await world.start({ idleSeconds: 0.5 });
    const client = connect(host.ready.socket);
    await once(client, "connect");
    const clock = new HostWorld();
    try {
      // It begins to be idle later, and so leaves later than the other one would.
      await (await clock.start({ idleSeconds: 0.5 })).ended;
      assert.equal(host.child.exitCode, null);
    } finally {
      await clock.dispose();
      client.destroy();
    }
    assert.equal(await host.ended, 0);
  });

  it("never leaves if it is told never to", async () => {
    const host = await world.start({ idleSeconds: null });
    const clock = new HostWorld();
    await (await clock.start({ idleSeconds: 0.3 })).ended;
    await clock.dispose();
    assert.equal(host.child.exitCode, null);
  });

  it("leaves at once when it is asked to, but not while a session runs", async () => {
    const host = await world.start();
    const client = world.clientOf(host.ready.socket);
    const id = await startSession(client, SLEEP);
    host.child.kill("SIGUSR2");
    await waitUntil("it has heard", () => world.log().includes("SIGUSR2: leaves as soon as"));
    assert.equal((await client.stop(id, { timeout: 0 }))?.exitCode, 137);
    await client.close();
    assert.equal(await host.ended, 0);
  });
});

describe("a session host that is told to stop", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`stops its sessions on ${signal}, and says how each has ended`, async () => {
      const host = await world.start();
      const client = world.clientOf(host.ready.socket);
      const obedient = await startSession(client, SLEEP);
      const own = await startSession(client, OBEYING);
      await waitForOutput(client, own);
      const ends = Promise.all([client.wait(obedient), client.wait(own)]);
      await hasHeard(client);
      host.child.kill(signal);
      assert.deepEqual(
        (await ends).map(({ exitCode, signal, reason }) => [exitCode, signal, reason]),
        [
          [143, "SIGTERM", "stopped"],
          [3, null, "stopped"],
        ],
      );
      assert.equal(await host.ended, 0);
      assert.match(world.log(), new RegExp(`${signal}: running sessions, which are stopped: 2\\.`));
      assert.match(world.log(), new RegExp(`Session ${own.slice(0, 12)} has been stopped: exit code 3\\.`));
      assert.deepEqual(world.processes(), []);
    });
  }

  it("kills what does not obey when it is told again", async () => {
    const host = await world.start();
    const client = world.clientOf(host.ready.socket);
    const id = await startSession(client, STUBBORN, { stopTimeout: 600 });
    await waitForOutput(client, id);
    const end = client.wait(id);
    await hasHeard(client);
    host.child.kill("SIGTERM");
    await waitUntil("it waits for the command", () => world.log().includes("which are stopped: 1."));
    host.child.kill("SIGTERM");
    assert.deepEqual([(await end).exitCode, (await end).reason], [137, "stopped"]);
    assert.equal(await host.ended, 0);
  });

  it("keeps its sessions if that is the policy; the next host finds them", async () => {
    const host = await world.start({ onStop: "keep" });
    const client = world.clientOf(host.ready.socket);
    const id = await startSession(client, SLEEP);
    const { Pid } = await client.inspect(id);
    host.child.kill("SIGTERM");
    assert.equal(await host.ended, 0);
    assert.match(
      world.log(),
      /SIGTERM: running sessions, which are kept without their output and exit codes: 1\./,
    );
    assert.notEqual(readProcessIdentity(Pid), null);
    const next = world.clientOf((await world.start()).ready.socket);
    assert.equal((await next.inspect(id)).Pid, Pid);
    const end = next.wait(id);
    process.kill(Pid, "SIGKILL");
    assert.deepEqual([(await end).exitCode, (await end).reason], [null, "lost"]);
  });

  it("takes no new clients while it stops, and lets those that wait hear how their sessions end", async () => {
    const host = await world.start();
    const client = world.clientOf(host.ready.socket);
    const id = await startSession(client, STUBBORN, { stopTimeout: 600 });
    await waitForOutput(client, id);
    const end = client.wait(id);
    await hasHeard(client);
    host.child.kill("SIGTERM");
    await waitUntil("the socket has been taken away", () => !existsSync(host.ready.socket));
    await assert.rejects(world.clientOf(host.ready.socket).list(), { code: "EXEC_HOST_UNREACHABLE" });
    host.child.kill("SIGTERM");
    assert.equal((await end).exitCode, 137);
    assert.equal(await host.ended, 0);
  });
});

describe("a session host that is told to end while clients stay", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it("begins nothing any more: the next host does, and knows its end", async () => {
    const host = await world.start();
    const { service } = await world.connect();
    const { id } = await service.create(LOCAL, { command: ["sh", "-c", "sleep 1.5; exit 7"] });
    const staying = service.events()[Symbol.asyncIterator]().next();
    staying.catch(() => {
      // The events of a host end with it.
    });
    await hasHeard(service);
    host.child.kill("SIGTERM");
    await waitUntil("it takes leave", () => !existsSync(host.ready.socket));
    await service.start(id);
    assert.equal((await service.wait(id)).exitCode, 7);
    assert.equal(await host.ended, 0);
  });
});

describe("a session host after one that was killed", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it("takes the place of its socket, its lock and its hidden socket", async () => {
    const first = await world.start();
    first.child.kill("SIGKILL");
    await first.ended;
    assert.equal(existsSync(first.ready.socket), true);
    writeFileSync(`${first.ready.socket}.leaving`, "");
    const next = await world.start();
    assert.deepEqual(await world.clientOf(next.ready.socket).list(), []);
    assert.equal(existsSync(`${first.ready.socket}.leaving`), false);
  });

  it("keeps its commands or stops them, as it is told, else as that one was told, and says so", async () => {
    const cases = [
      { told: {}, next: { orphans: "keep" }, orphans: "keep" },
      { told: { orphans: "keep" }, next: { orphans: "stop" }, orphans: "stop" },
      { told: { orphans: "stop" }, next: {}, orphans: "stop" },
      { told: {}, next: {}, orphans: "keep" },
    ] as const;
    for (const { told, next: options, orphans } of cases) {
      const first = await world.start(told);
      const client = world.clientOf(first.ready.socket);
      const id = await startSession(client, SLEEP);
      const { Pid } = await client.inspect(id);
      first.child.kill("SIGKILL");
      await first.ended;
      const next = await world.start(options);
      const service = world.clientOf(next.ready.socket);
      if (orphans === "keep") {
        assert.equal((await service.inspect(id)).Pid, Pid);
        process.kill(Pid, "SIGKILL");
      }
      const { exitCode, reason } = await service.wait(id);
      assert.deepEqual([exitCode, reason], [null, orphans === "keep" ? "lost" : "stopped"]);
      assert.match(
        world.log().split(id.slice(0, 12)).slice(1).join(),
        orphans === "keep" ? /still runs without its output/ : /still ran without its manager and is stopped/,
      );
      next.child.kill("SIGTERM");
      await next.ended;
    }
  });
});

/** Calls reach the host in the order in which they were made. */
async function hasHeard(service: SessionService): Promise<void> {
  await service.list();
}

/** Until the command has said something. */
async function waitForOutput(service: SessionService, id: string): Promise<void> {
  for await (const _ of await service.attach(id)) return;
}

function outputOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`);
  } catch {
    return null;
  }
}
