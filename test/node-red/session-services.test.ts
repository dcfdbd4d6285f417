import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endSessionHost } from "../../scripts/end-session-host.ts";
import {
  closeSessionServices,
  openSessionService,
  type ServiceChoice,
} from "../../src/node-red/session-services.ts";
import { StoreOwner } from "../store/store-owner.ts";
import { ExecFlow } from "../support/exec-flow.ts";
import { describeNeeding } from "../support/requirements.ts";

const choice = (stateDir: string): ServiceChoice => ({ stateDir, host: "inside", orphans: "keep" });

const CREATE = { exec: { command: ["true"] } };

describe("session-services", () => {
  let folder: string;
  let flow: ExecFlow;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "services-"));
  });

  afterEach(async () => {
    await flow.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (stateDir: string) => {
    flow = await ExecFlow.open({ container: { stateDir } });
  };

  it("many nodes that ask at once get the same service, and so does the next life of a node", async () => {
    await open(join(folder, "state"));
    const { RED } = flow.runtime;
    const services = await Promise.all(
      Array.from({ length: 5 }, () => openSessionService(RED, choice(join(folder, "state")))),
    );
    await flow.deploy("full", { create: { name: "changed" } });
    services.push(await openSessionService(RED, choice(join(folder, "state"))));
    assert.equal(new Set(services).size, 1);
  });

  it("a relative state directory is below Node-RED's user directory", async () => {
    await open("sessions of this test");
    flow.send("create", CREATE);
    await flow.message("created");
    await rm(join(tmpdir(), "sessions of this test"), { recursive: true });
  });

  it("a state directory that cannot be made is told at each use, and tried again at the next", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await open(join(file, "state"));
    for (const index of [0, 1]) {
      flow.send("create", CREATE);
      const { code, message } = await flow.error(index);
      assert.equal(code, "EXEC_STATE_DIR_UNUSABLE");
      assert.ok(String(message).includes(join(file, "state")), String(message));
    }
    await rm(file);
    flow.send("create", CREATE);
    await flow.message("created");
  });

  it("a state directory that belongs to another live process is refused by that process's pid", async () => {
    const stateDir = join(folder, "state");
    const owner = new StoreOwner({ directory: stateDir });
    await owner.tell({ verb: "open" });
    await open(stateDir);
    flow.send("create", CREATE);
    const { code, message } = await flow.error();
    assert.equal(code, "EXEC_STATE_DIR_IN_USE");
    assert.ok(String(message).includes(String(owner.pid)), String(message));
    await owner.tell({ verb: "close" });
    await owner.kill();
    flow.send("create", CREATE);
    await flow.message("created");
  });

  it("another choice of host is refused while a session runs, and holds once none does", async () => {
    const stateDir = join(folder, "state");
    await open(stateDir);
    const { RED } = flow.runtime;
    const inside = await openSessionService(RED, choice(stateDir));
    const { sessionId } = await flow.create({ command: ["sleep", "1000"] });
    await inside.start(String(sessionId));
    const other: ServiceChoice = { stateDir, host: "process", orphans: "keep" };
    await assert.rejects(openSessionService(RED, other), {
      code: "EXEC_STATE_DIR_IN_USE",
      message: /and 1 of them run/,
    });
    assert.equal(await openSessionService(RED, choice(stateDir)), inside);
    await inside.stop(String(sessionId), { timeout: 0 });
    const outside = await openSessionService(RED, other);
    assert.equal((await outside.inspect(String(sessionId))).state, "stopped");
    await closeSessionServices();
    await endSessionHost(stateDir);
  });

  it("a choice that is none is told by its field and what is allowed", async () => {
    flow = await ExecFlow.open({ container: { stateDir: join(folder, "state"), host: "cloud" } });
    flow.send("create", CREATE);
    const { code, message } = await flow.error();
    assert.deepEqual(
      [code, message],
      ["EXEC_INVALID_CONFIG", '"host" must be process or inside; got "cloud".'],
    );
  });

  it("a service that was closed is opened anew at the next use", async () => {
    await open(join(folder, "state"));
    flow.send("create", CREATE);
    const { sessionId } = await flow.message("created");
    await closeSessionServices();
    const list = await (await openSessionService(flow.runtime.RED, choice(join(folder, "state")))).list();
    assert.deepEqual(
      list.map(({ id }) => id),
      [sessionId],
    );
  });
});

/** Room for a few sessions. */
const DISK_SIZE = "256k";

describeNeeding(["root", "mount"], "session-services on a full disk", () => {
  let disk: string;
  let flow: ExecFlow;

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), "disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_SIZE}`, "tmpfs", disk]);
    flow = await ExecFlow.open({ container: { stateDir: join(disk, "state") } });
  });

  afterEach(async () => {
    await flow.close();
    execFileSync("umount", [disk]);
    await rm(disk, { recursive: true });
  });

  it("create is refused, leaves nothing behind, and works again once there is room", async () => {
    flow.send("create", CREATE);
    await flow.message("created");
    const filler = join(disk, "filler");
    await writeFile(filler, Buffer.alloc(1024 * 1024)).catch((error) => assert.equal(error.code, "ENOSPC"));
    flow.send("create", CREATE);
    const { code, message } = await flow.error();
    assert.equal(code, "EXEC_STORE_FAILED");
    assert.match(String(message), /no space left/);
    const service = await openSessionService(flow.runtime.RED, choice(join(disk, "state")));
    assert.equal((await service.list()).length, 1);
    await rm(filler);
    flow.send("create", CREATE);
    await flow.message("created", 1);
  });
});
