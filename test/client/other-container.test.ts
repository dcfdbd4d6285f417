import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseHostOptions } from "../../src/api/host-options.ts";
import { HostDialer } from "../../src/client/host-dialer.ts";
import { HostWorld, LOCAL, startSession } from "../support/host-world.ts";
import { OTHER_CONTAINER, runOtherClient } from "../support/other-container.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

const WHOLE = { output: "hello there\n", exitCode: 3, reason: "exited" };
/** Longer than a host gives no signs of life before it is taken for dead. */
const LONG_MS = 60_000;

describeNeeding(["root", "unshare"], "a session host in another container", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  function startHost() {
    return world.start({ idleSeconds: null }, { wrapper: OTHER_CONTAINER });
  }

  function runClient(options: Partial<Parameters<typeof runOtherClient>[0]> = {}) {
    return runOtherClient({ stateDir: world.stateDir, target: LOCAL, ...options });
  }

  it("serves a client that shares its state directory, and no other is started", async () => {
    const { pid } = await startHost();
    const hosts = world.hosts();
    const socket = join(world.stateDir, "host.sock");
    // Both are the first process of their container, which must not make the client take itself for the host.
    assert.deepEqual(await runClient(), { ownPid: 1, pid: 1, socket, endsWith: null, ...WHOLE });
    assert.deepEqual([pid, world.hosts(), hosts.length], [1, hosts, 1]);
  });

  it("serves a client that has the directory at another path", async () => {
    await startHost();
    const elsewhere = join(world.folder, "elsewhere");
    mkdirSync(elsewhere);
    const prepare = `mount --bind '${world.stateDir}' '${elsewhere}' && exec "$@"`;
    const { socket, output } = await runClient({ stateDir: elsewhere, prepare });
    assert.deepEqual([socket, output], [join(elsewhere, "host.sock"), WHOLE.output]);
    assert.equal(world.hosts().length, 1);
  });

  it("is waited for while it leaves, and no other is started beside it", async function () {
    this.timeout(LONG_MS);
    const { ready } = await startHost();
    const [host = 0] = world.hosts();
    const command = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
    await startSession(world.clientOf(ready.socket), command, { stopTimeout: 1000 });
    process.kill(host, "SIGTERM");
    await waitUntil("nobody finds it any more", () => !existsSync(ready.socket));
    const outcome = runClient();
    const [attempt] = await startAttempts();
    await waitUntil("it has been looked for", async () => (await startAttempts())[0] !== attempt);
    assert.deepEqual(world.hosts(), [host]);
    // It leaves at once then.
    process.kill(host, "SIGTERM");
    assert.equal((await outcome).output, WHOLE.output);
    assert.doesNotMatch(world.log(), /in use/);
  });

  it("is replaced when it was killed with its container, as soon as it gives no more signs of life", async function () {
    this.timeout(LONG_MS);
    const { child, ended } = await startHost();
    child.kill("SIGKILL");
    await ended;
    await waitUntil("it has ended", () => world.hosts().length === 0);
    assert.equal((await runClient()).output, WHOLE.output);
  });

  /** The claim of whoever is starting a host, once there is one. */
  async function startAttempts(): Promise<readonly string[]> {
    const folder = join(world.stateDir, "start/owner");
    await waitUntil("somebody is at it", () => existsSync(folder) && readdirSync(folder).length > 0);
    return readdirSync(folder);
  }
});

describe("a process that may start no session host", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
    process.env.EXEC_SESSIONS_START_HOST = "never";
  });

  afterEach(async () => {
    delete process.env.EXEC_SESSIONS_START_HOST;
    await world.dispose();
  });

  it("waits for one that others start", async () => {
    const connecting = new HostDialer(parseHostOptions({ stateDir: world.stateDir })).connect();
    await world.start();
    (await connecting).destroy();
    assert.equal(world.hosts().length, 1);
  });

  it("makes nothing, and says after a while what is missing", async () => {
    rmSync(world.stateDir, { recursive: true });
    const dialer = new HostDialer(parseHostOptions({ stateDir: world.stateDir }), { othersTimeoutMs: 200 });
    await assert.rejects(dialer.connect(), {
      code: "EXEC_HOST_UNREACHABLE",
      message: `No session host for ${world.stateDir} has begun to serve within 0.2 s, and this process starts none because of EXEC_SESSIONS_START_HOST=never in its environment: start the service or the container that runs it.`,
    });
    assert.deepEqual([existsSync(world.stateDir), world.hosts()], [false, []]);
  });

  it("is told if its environment says something else", async () => {
    process.env.EXEC_SESSIONS_START_HOST = "no";
    await assert.rejects(world.connect(), { code: "EXEC_INVALID_ARGUMENT", message: /got "no"/ });
  });
});
