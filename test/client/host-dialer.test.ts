import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeHostFile } from "../../src/api/host-file.ts";
import { parseHostOptions } from "../../src/api/host-options.ts";
import { HostDialer } from "../../src/client/host-dialer.ts";
import { SessionClient } from "../../src/client/session-client.ts";
import { MemoryOutputLogs } from "../../src/output/memory-output-logs.ts";
import { readProcessIdentity } from "../../src/process/process-identity.ts";
import { openSessionManager } from "../../src/session/session-manager.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { HostWorld, LOCAL, startSession } from "../support/host-world.ts";
import { waitUntil } from "../support/wait-until.ts";
import { ClientProcess } from "./client-process.ts";

const RACERS = 20;
const RACES = 20;
/** Node.js starts within so many milliseconds here, so that kills hit every step of a start. */
const START_MS = 1_500;

describe("connecting to a session host", () => {
  let world: HostWorld;
  let processes: ClientProcess[];

  beforeEach(() => {
    world = new HostWorld();
    processes = [];
  });

  afterEach(async () => {
    await Promise.all(processes.map((each) => each.end()));
    await world.dispose();
  });

  async function startProcesses(count: number): Promise<void> {
    processes = await Promise.all(Array.from({ length: count }, () => ClientProcess.start()));
  }

  it(`starts exactly one host for ${RACERS} processes at once, ${RACES} times`, async function () {
    this.timeout(240_000);
    await startProcesses(RACERS);
    for (let race = 0; race < RACES; race++) {
      const stateDir = join(world.folder, `race-${race}`);
      const pids = await Promise.all(processes.map((each) => each.connect(stateDir)));
      assert.deepEqual(new Set(pids), new Set(world.hosts()), `race ${race}`);
      assert.equal(world.hosts().length, 1);
      const [pid = 0] = pids;
      process.kill(pid, race % 2 === 0 ? "SIGTERM" : "SIGKILL");
      await waitUntil("the host has ended", () => world.hosts().length === 0);
    }
  });

  it("starts exactly one host for many callers in one process", async () => {
    const dialer = new HostDialer(parseHostOptions({ stateDir: world.stateDir, idleSeconds: 1 }));
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dialer.connect()));
    assert.equal(world.hosts().length, 1);
    for (const socket of sockets) socket.destroy();
  });

  it("takes the place of a host that was killed, however often", async function () {
    this.timeout(60_000);
    const { service } = await world.connect();
    const pids = new Set<number>();
    for (let round = 0; round < 3; round++) {
      await service.list();
      const [pid = 0] = world.hosts();
      pids.add(pid);
      process.kill(pid, "SIGKILL");
      await hasEnded(pid);
    }
    assert.equal(pids.size, 3);
  });

  it("starts a host although another process was killed while it started one", async function () {
    this.timeout(120_000);
    for (let afterMs = 0; afterMs <= START_MS; afterMs += START_MS / 10) {
      const stateDir = join(world.folder, `start-${afterMs}`);
      const victim = await ClientProcess.start();
      await victim.connectAndDie(stateDir, afterMs);
      const client = await ClientProcess.start();
      const pid = await client.connect(stateDir);
      await client.end();
      assert.deepEqual(world.hosts(), [pid], `killed after ${afterMs} ms`);
      process.kill(pid, "SIGKILL");
      await waitUntil("it has ended", () => world.hosts().length === 0);
    }
  });

  it("starts the host anew for a call that comes after it has left for idleness", async () => {
    const { service, pid } = await world.connect({ idleSeconds: 0.1 });
    const session = await service.create(LOCAL, { command: ["true"] });
    // A call keeps its connection for a few seconds.
    await waitUntil("the host has left", () => !world.hosts().includes(pid));
    assert.equal((await service.inspect(session.id)).state, "created");
    assert.notEqual(world.hosts()[0], pid);
  });

  it("tells calls that were under way that the host has gone, and the next one starts another", async () => {
    const { service, pid } = await world.connect();
    const id = await startSession(service, ["sleep", "1000"]);
    const attachment = await service.attach(id);
    const waiting = service.wait(id);
    const reading = attachment[Symbol.asyncIterator]().next();
    const events = service.events()[Symbol.asyncIterator]().next();
    const outcomes = Promise.allSettled([waiting, reading, events]);
    await service.list();
    process.kill(pid, "SIGKILL");
    assert.deepEqual(
      (await outcomes).map((outcome) => outcome.status === "rejected" && outcome.reason.code),
      Array(3).fill("EXEC_HOST_UNREACHABLE"),
    );
    assert.deepEqual(await attachment.ended, { kind: "detached", by: "failure" });
    await hasEnded(pid);
    assert.equal((await service.inspect(id)).state, "running");
    assert.notEqual(world.hosts()[0], pid);
  });

  it("finds the host of a directory whose path is too long for a socket, by every way to it", async () => {
    const long = new HostWorld("d".repeat(120));
    try {
      process.env.XDG_RUNTIME_DIR = long.folder;
      const { pid, socket } = await long.connect();
      assert.match(socket, new RegExp(`^${long.folder}/exec-sessions/[0-9a-f]{32}\\.sock$`));
      symlinkSync(long.stateDir, join(long.folder, "way"));
      // Also a process that would have looked elsewhere.
      process.env.XDG_RUNTIME_DIR = join(long.folder, "elsewhere");
      const dialer = new HostDialer(parseHostOptions({ stateDir: join(long.folder, "way") }));
      const client = new SessionClient({ socketPath: dialer.socketPath, connect: () => dialer.connect() });
      assert.equal((await client.version()).Components[0]?.Details.Pid, String(pid));
      await client.close();
      assert.deepEqual(long.hosts(), [pid]);
    } finally {
      delete process.env.XDG_RUNTIME_DIR;
      await long.dispose();
    }
  });

  it("starts no host where another kind of process has the state directory, and names that", async () => {
    const manager = await openSessionManager({
      store: new FileSessionStore(world.stateDir),
      outputs: new MemoryOutputLogs(),
      runtimes: async () => assert.fail("nothing is started"),
      findLegacyProcess: async () => null,
      report: () => {},
    });
    await assert.rejects(world.connect(), {
      code: "EXEC_STATE_DIR_IN_USE",
      details: { directory: world.stateDir, pid: process.pid },
    });
    await manager.close();
    assert.deepEqual(await (await world.connect()).service.list(), []);
  });

  it("makes the state directory, also again after it was deleted", async () => {
    rmSync(world.stateDir, { recursive: true });
    const { service, pid } = await world.connect();
    process.kill(pid, "SIGTERM");
    await waitUntil("it has left", () => world.hosts().length === 0);
    rmSync(world.stateDir, { recursive: true });
    assert.deepEqual(await service.list(), []);
    assert.equal(existsSync(join(world.stateDir, "host.json")), true);
  });

  it("says why the socket cannot be connected to", async () => {
    const socket = join(world.folder, "file/host.sock");
    writeFileSync(join(world.folder, "file"), "");
    const host = { pid: 1, startTime: 1, bootId: "", pidNamespace: "", version: "", unit: null };
    writeHostFile(world.stateDir, { ...host, socket, orphans: "keep" });
    await assert.rejects(world.connect(), {
      code: "EXEC_HOST_UNREACHABLE",
      message: `The session host at ${socket} cannot be reached: connect ENOTDIR ${socket}.`,
    });
  });

  it("says why no state directory can be made", async () => {
    await assert.rejects(new HostDialer(parseHostOptions({ stateDir: "/proc/state" })).connect(), {
      code: "EXEC_STATE_DIR_UNUSABLE",
    });
  });

  it("says why the state directory cannot be used, and starts a host once it can", async () => {
    writeFileSync(join(world.stateDir, "start"), "where a folder should be");
    await assert.rejects(world.connect(), {
      code: "EXEC_STATE_DIR_UNUSABLE",
      message: `The state directory ${world.stateDir} cannot be created, read or written: file already exists (EEXIST).`,
    });
    rmSync(join(world.stateDir, "start"));
    mkdirSync(join(world.stateDir, "host.log"));
    await assert.rejects(world.connect(), { code: "EXEC_STATE_DIR_UNUSABLE" });
    rmdirSync(join(world.stateDir, "host.log"));
    const { service } = await world.connect();
    assert.deepEqual(await service.list(), []);
  });
});

/** Until a process has let go of everything; a killed one still takes connections for a moment. */
async function hasEnded(pid: number): Promise<void> {
  await waitUntil(`process ${pid} has ended`, () => readProcessIdentity(pid) === null);
}
