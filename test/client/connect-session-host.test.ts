import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { readHostFile, writeHostFile } from "../../src/api/host-file.ts";
import { packageVersion } from "../../src/api/package-version.ts";
import { readSystemdUnit } from "../../src/process/systemd-unit.ts";
import { HostWorld, LOCAL, startSession } from "../support/host-world.ts";
import { makeOtherPackage } from "./other-package.ts";

const OLDER = "0.0.9";
const NEWER = "99.0.0";
const OTHER_API = 77;
const SLEEP = ["sleep", "1000"];

describe("a session host of this version", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  it("is described to whoever connects", async () => {
    const { pid, socket, version, isOutdated, endsWith } = await world.connect();
    assert.deepEqual(
      { hosts: world.hosts(), socket, version, isOutdated },
      { hosts: [pid], socket: `${world.stateDir}/host.sock`, version: packageVersion(), isOutdated: false },
    );
    // It was started without a scope of its own here, so it shares this process's unit, where there is one.
    const unit = readSystemdUnit(process.pid);
    if (unit !== null) assert.deepEqual(endsWith, { kind: "unit", unit });
  });

  it("is said to end with this process's systemd unit exactly if it is in the same one", async () => {
    const { pid } = await world.connect();
    const host = readHostFile(world.stateDir);
    assert.ok(host !== null);
    writeHostFile(world.stateDir, { ...host, unit: "another.service" });
    assert.equal((await world.connect()).endsWith, null);
    // As a host in another container looks from here, even if a process of its pid has begun in the same moment.
    writeHostFile(world.stateDir, { ...host, pidNamespace: "pid:[1]", unit: readSystemdUnit(process.pid) });
    const other = await world.connect();
    assert.deepEqual([other.pid, other.endsWith], [pid, null]);
    writeHostFile(world.stateDir, host);
  });

  it("serves everybody who connects", async () => {
    const [first, second] = [await world.connect(), await world.connect()];
    assert.equal(first.pid, second.pid);
    const { id } = await first.service.create(LOCAL, { command: ["true"] });
    assert.equal((await second.service.inspect(id)).state, "created");
  });
});

describe("a session host of another version", function () {
  // A copy of the package is compiled anew.
  this.timeout(60_000);
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  async function startOther(version: string, apiVersion?: number) {
    const program = makeOtherPackage(world.folder, {
      version,
      ...(apiVersion === undefined ? {} : { apiVersion }),
    });
    return world.start({}, { program });
  }

  it("is replaced if it is older and no session runs in it; its sessions are still there", async () => {
    const older = await startOther(OLDER);
    const before = world.clientOf(older.ready.socket);
    const { id } = await before.create(LOCAL, { command: ["true"] });
    await before.close();
    const { service, pid, version, isOutdated } = await world.connect();
    assert.deepEqual([version, isOutdated], [packageVersion(), false]);
    assert.notEqual(pid, older.pid);
    assert.equal(await older.ended, 0);
    assert.equal((await service.inspect(id)).state, "created");
  });

  it("goes on with old and new sessions if it is older and one runs in it, and is replaced when none does", async () => {
    const older = await startOther(OLDER);
    const running = await startSession(world.clientOf(older.ready.socket), SLEEP);
    const { service, pid, version, isOutdated } = await world.connect();
    assert.deepEqual([pid, version, isOutdated], [older.pid, OLDER, true]);
    const added = await startSession(service, ["sh", "-c", "exit 4"]);
    assert.equal((await service.wait(added)).exitCode, 4);
    await service.stop(running);
    await service.close();
    assert.equal(await older.ended, 0);
    assert.equal((await world.connect()).version, packageVersion());
  });

  it("is left alone if it is newer", async () => {
    const newer = await startOther(NEWER);
    const { service, pid, version, isOutdated } = await world.connect();
    assert.deepEqual([pid, version, isOutdated], [newer.pid, NEWER, false]);
    assert.deepEqual(await service.list(), []);
  });

  it("is replaced if it speaks another version of the API and no session runs in it", async () => {
    const other = await startOther(NEWER, OTHER_API);
    const { service, version } = await world.connect();
    assert.equal(version, packageVersion());
    assert.equal(await other.ended, 0);
    assert.deepEqual(await service.list(), []);
  });

  it("is an error that names both versions if it speaks another version of the API and a session runs in it", async () => {
    const other = await startOther(NEWER, OTHER_API);
    const session = await startForeignSession(other.ready.socket);
    await assert.rejects(world.connect(), (error: Error & { code?: string }) => {
      assert.equal(error.code, "EXEC_API_VERSION");
      for (const part of [`pid ${other.pid}`, NEWER, String(OTHER_API), packageVersion()]) {
        assert.ok(error.message.includes(part), `${part} in ${error.message}`);
      }
      return true;
    });
    assert.equal(other.child.exitCode, null);
    await callAsDocker(other.ready.socket, "POST", `/exec/${session}/stop?t=0`);
    // It was asked to leave, and does so now.
    assert.equal(await other.ended, 0);
  });
});

/** A running session, by the API that every version has: Docker's. */
async function startForeignSession(socket: string): Promise<string> {
  const { Id } = await callAsDocker(socket, "POST", "/containers/local/exec", { Cmd: SLEEP });
  await callAsDocker(socket, "POST", `/exec/${Id}/start`, { Detach: true });
  return String(Id);
}

async function callAsDocker(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const sent = request({ socketPath, method, path, headers: { "Content-Type": "application/json" } });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(sent, "response");
  const answer = await text(response);
  assert.ok(response.statusCode < 300, `${method} ${path}: ${answer}`);
  return answer === "" ? {} : JSON.parse(answer);
}
