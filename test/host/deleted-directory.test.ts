import assert from "node:assert/strict";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SessionService } from "../../src/session/session-service.ts";
import { HostWorld, type StartedHost, startSession } from "../support/host-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const DELETIONS = 10;
/** Says something, waits to be told to go on, says some more, and ends in its own way. */
const TALKING = ["sh", "-c", "echo before; read line; echo after; exit 7"];
const SLEEP = ["sleep", "1000"];

describe("a session host whose socket is elsewhere, because the path is long", () => {
  it("makes good its loss", async () => {
    const world = new HostWorld("d".repeat(120));
    process.env.XDG_RUNTIME_DIR = join(world.folder, "run");
    try {
      const { pid, ready } = await world.start();
      // More than once, since the first look may be just due.
      for (let loss = 0; loss < 2; loss++) {
        rmSync(process.env.XDG_RUNTIME_DIR, { recursive: true });
        await waitUntil("it is there again", () => existsSync(ready.socket));
        assert.equal((await world.connect()).pid, pid);
      }
    } finally {
      delete process.env.XDG_RUNTIME_DIR;
      await world.dispose();
    }
  });
});

describe("a session host whose state directory is deleted", () => {
  let world: HostWorld;
  let host: StartedHost;
  let service: SessionService;

  beforeEach(async () => {
    world = new HostWorld();
    host = await world.start({ orphans: "stop" });
    service = world.clientOf(host.ready.socket);
  });

  afterEach(() => world.dispose());

  it("goes on with its sessions, is found again, and has them all on record again", async () => {
    const ended = await startSession(service, ["sh", "-c", "exit 3"]);
    await service.wait(ended);
    const running = await startSession(service, TALKING, { attachStdin: true });
    const attachment = await service.attach(running);
    const output = attachment[Symbol.asyncIterator]();
    assert.equal(await nextText(output), "before\n");
    deleteDirectory();
    const found = await world.connect();
    assert.equal(found.pid, host.pid);
    assert.deepEqual(await statesIn(found.service), { [ended]: "stopped", [running]: "running" });
    await attachment.write(Buffer.from("go on\n"));
    assert.equal(await nextText(output), "after\n");
    assert.equal((await output.next()).done, true);
    assert.equal((await found.service.wait(running)).exitCode, 7);
    assert.match(world.log(), /Of the state directory something was missing, which has been made again\./);
    const next = await restart();
    assert.deepEqual(
      await Promise.all([ended, running].map(async (id) => (await next.wait(id)).exitCode)),
      [3, 7],
    );
  });

  const losses: readonly [what: string, lose: () => void][] = [
    ["all that is in it", () => readdirSync(world.stateDir).forEach(remove)],
    ["its socket", () => remove("host.sock")],
    ["its host.json", () => remove("host.json")],
    ["its owner's claim", () => remove("owner")],
    ["its sessions", () => remove("sessions")],
    ["the directory, which is elsewhere now", () => renameSync(world.stateDir, `${world.stateDir}-away`)],
  ];

  for (const [what, lose] of losses) {
    it(`makes good the loss of ${what}`, async () => {
      const id = await startSession(service, SLEEP);
      lose();
      await waitUntil("all is there again", () =>
        ["host.json", "host.sock", "owner", join("sessions", id, "session.json")].every((path) =>
          existsSync(join(world.stateDir, path)),
        ),
      );
      const found = await world.connect();
      assert.deepEqual([found.pid, await statesIn(found.service)], [host.pid, { [id]: "running" }]);
      assert.deepEqual(world.hosts(), [host.pid]);
      assert.deepEqual(await statesIn(await restart()), { [id]: "stopped" });
    });
  }

  it(`is the one that a client finds who comes in the same moment, ${DELETIONS} times`, async function () {
    this.timeout(60_000);
    const id = await startSession(service, SLEEP);
    for (let round = 0; round < DELETIONS; round++) {
      deleteDirectory();
      const found = await world.connect();
      assert.deepEqual([found.pid, await statesIn(found.service)], [host.pid, { [id]: "running" }]);
      assert.deepEqual(world.hosts(), [host.pid]);
    }
  });

  it("takes new sessions while the directory is missing", async () => {
    await haveConnection();
    deleteDirectory();
    const id = await startSession(service, ["sh", "-c", "exit 5"]);
    assert.equal((await service.wait(id)).exitCode, 5);
    assert.deepEqual(await statesIn(await restart()), { [id]: "stopped" });
  });

  it("obeys a stop all the same, and leaves when it is idle", async () => {
    await startSession(service, SLEEP);
    deleteDirectory();
    host.child.kill("SIGTERM");
    assert.equal(await host.ended, 0);
    const idle = await world.start({ idleSeconds: 0.01 });
    deleteDirectory();
    assert.equal(await idle.ended, 0);
  });

  it("serves nobody new once another one has taken its place, tells its clients all, and leaves that one alone", async () => {
    const id = await startSession(service, TALKING, { attachStdin: true });
    const attachment = await service.attach(id);
    const end = service.wait(id);
    await haveConnection();
    host.child.kill("SIGSTOP");
    deleteDirectory();
    const other = await world.connect();
    assert.notEqual(other.pid, host.pid);
    host.child.kill("SIGCONT");
    await waitUntil("it knows", () => world.log().includes("Has lost its state directory"));
    // What is new reaches the other one.
    assert.deepEqual(await service.list(), []);
    await attachment.write(Buffer.from("go on\n"));
    let text = "";
    for await (const chunk of attachment) text += chunk.kind === "data" ? chunk.data.toString() : "";
    assert.equal(text, "before\nafter\n");
    assert.equal((await end).exitCode, 7);
    await service.close();
    assert.equal(await host.ended, 0);
    assert.deepEqual([(await world.connect()).pid, world.hosts()], [other.pid, [other.pid]]);
    assert.deepEqual(await other.service.list(), []);
  });

  /** Has the client keep a connection for its next call. */
  async function haveConnection(): Promise<void> {
    await service.list();
  }

  /** Again where the host has just written something into it. */
  function deleteDirectory(): void {
    rmSync(world.stateDir, { recursive: true, maxRetries: 50, retryDelay: 1 });
  }

  function remove(name: string): void {
    rmSync(join(world.stateDir, name), { recursive: true });
  }

  /** Kills the host; gives a client of the next one, which knows only what is on disk. */
  async function restart(): Promise<SessionService> {
    host.child.kill("SIGKILL");
    await host.ended;
    host = await world.start({ orphans: "stop" });
    service = world.clientOf(host.ready.socket);
    await waitUntil("orphans have been stopped", async () =>
      (await service.list()).every(({ state }) => state === "stopped"),
    );
    return service;
  }
});

async function statesIn(service: SessionService): Promise<Record<string, string>> {
  return Object.fromEntries((await service.list()).map(({ id, state }) => [id, state]));
}

async function nextText(output: AsyncIterator<unknown>): Promise<string> {
  return String(Object(await output.next()).value.data);
}
