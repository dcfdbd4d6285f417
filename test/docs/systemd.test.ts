import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LEAVE_SIGNAL } from "../../src/api/host-file.ts";
import { ContainerYard } from "../support/containers.ts";
import { describeNeeding } from "../support/requirements.ts";
import { SystemdMachine } from "../support/systemd-machine.ts";
import { waitUntil } from "../support/wait-until.ts";

const UNITS = fileURLToPath(new URL("../../docs/systemd", import.meta.url));
const STAND_IN = fileURLToPath(new URL("./fixtures/node-red-stand-in.ts", import.meta.url));
const HOST = "exec-sessions-host.service";
const NODE_RED = "nodered.service";
const DROP_IN = "nodered.service.d/exec-sessions.conf";
/** A user of the machine that is no root. */
const USER = "app";

describeNeeding(["systemd-analyze"], "the units in docs/systemd", () => {
  it("are what systemd understands", () => {
    const folder = mkdtempSync(join(tmpdir(), "units-"));
    cpSync(UNITS, folder, { recursive: true });
    writeFileSync(join(folder, NODE_RED), "[Service]\nExecStart=/bin/true\n");
    const { status, stderr } = spawnSync(
      "systemd-analyze",
      ["verify", "--recursive-errors=yes", "--man=no", join(folder, HOST), join(folder, NODE_RED)],
      { env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` }, encoding: "utf8" },
    );
    rmSync(folder, { recursive: true });
    assert.deepEqual([status, stderr], [0, ""]);
  });
});

describeNeeding(
  ["root", "crun", "systemd-analyze", "dbus-daemon"],
  "a session host under systemd",
  function () {
    this.timeout(60_000);
    let yard: ContainerYard;
    let machine: SystemdMachine;

    beforeEach(async () => {
      yard = await ContainerYard.open("crun");
      machine = await SystemdMachine.boot(yard);
    });

    afterEach(() => yard.close());

    it("as a unit of its own outlives every restart of Node-RED, and ends its sessions when it is stopped", async () => {
      await machine.install({
        [HOST]: unit(HOST).replace("NODE_RED_USER=nodered", `NODE_RED_USER=${USER}`),
        [DROP_IN]: unit(DROP_IN),
        [NODE_RED]: nodeRed("/var/lib/exec-sessions", `User=${USER}`),
      });
      await machine.run("systemctl", "start", NODE_RED);
      const [first] = await reports(1);
      const hostPid = Number(await machine.run("systemctl", "show", "--property=MainPID", "--value", HOST));
      assert.deepEqual(first, { ...first, uid: 1000, host: hostPid, endsWith: null });
      await machine.run("systemctl", "restart", NODE_RED);
      assert.deepEqual((await reports(2))[1], first);
      await machine.run("systemctl", "stop", HOST);
      const lines = await machine.linesOf(HOST);
      assert.match(lines.at(-1) ?? "", /Session [0-9a-f]{12} has been stopped: exit code 143\.$/);
      const state = await machine.run("systemctl", "show", "--property=Result,ExecMainStatus", HOST);
      assert.deepEqual(state.split("\n").sort(), ["ExecMainStatus=0", "Result=success"]);
    });

    it("is there again after it was killed, and after it has left for a newer version", async () => {
      await machine.install({ [HOST]: unit(HOST).replace("NODE_RED_USER=nodered", `NODE_RED_USER=${USER}`) });
      await machine.run("systemctl", "start", HOST);
      for (const [index, signal] of ["KILL", LEAVE_SIGNAL].entries()) {
        await servesTimes(index + 1);
        await machine.run("systemctl", "kill", "--kill-whom=main", `--signal=${signal}`, HOST);
      }
      await servesTimes(3);
    });

    it("does not try again for a user that is not there", async () => {
      await machine.install({ [HOST]: unit(HOST) });
      await machine.run("systemctl", "start", HOST);
      await waitUntil(
        "it has failed",
        async () => (await machine.tryRun("systemctl", "is-failed", HOST)) === 0,
      );
      const state = await machine.run("systemctl", "show", "--property=ExecMainStatus,NRestarts", HOST);
      assert.deepEqual(state.split("\n").sort(), ["ExecMainStatus=125", "NRestarts=0"]);
    });

    it("that Node-RED has started as root has a scope of its own, and outlives Node-RED's restart", async () => {
      await machine.install({ [NODE_RED]: nodeRed("/root/state") });
      await outlivesRestart();
    });

    it("that Node-RED has started as another user has one where that user's systemd runs", async () => {
      await machine.run("mkdir", "--parents", "/run/user/1000");
      await machine.run("chown", "1000:1000", "/run/user/1000");
      const runtimeDir = `User=${USER}\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000`;
      await machine.install({
        "user-manager.service": `[Service]\n${runtimeDir}\nType=notify\nDelegate=yes\nExecStart=/usr/lib/systemd/systemd --user\n`,
        [NODE_RED]: nodeRed("/home/app/state", runtimeDir),
      });
      await machine.run("systemctl", "start", "user-manager.service");
      await outlivesRestart();
    });

    it("that Node-RED has started as another user ends with Node-RED elsewhere, and says so", async () => {
      await machine.install({ [NODE_RED]: nodeRed("/home/app/state", `User=${USER}`) });
      await machine.run("systemctl", "start", NODE_RED);
      const [first] = await reports(1);
      assert.deepEqual(first?.endsWith, { kind: "unit", unit: NODE_RED });
      await machine.run("systemctl", "restart", NODE_RED);
      const second = (await reports(2))[1];
      assert.notEqual(second?.host, first?.host);
      assert.deepEqual(second?.sessions.map(({ state }) => state).sort(), ["running", "stopped"]);
    });

    async function outlivesRestart(): Promise<void> {
      await machine.run("systemctl", "start", NODE_RED);
      const [first] = await reports(1);
      assert.equal(first?.endsWith, null);
      await machine.run("systemctl", "restart", NODE_RED);
      assert.deepEqual((await reports(2))[1], first);
    }

    /** What Node-RED has found, at each of its starts. */
    async function reports(starts: number): Promise<readonly Report[]> {
      const lines = async () => (await machine.linesOf(NODE_RED)).filter((line) => line.startsWith("{"));
      await waitUntil(
        `Node-RED has been started ${starts} times`,
        async () => (await lines()).length >= starts,
      );
      return (await lines()).map((line) => JSON.parse(line));
    }

    async function servesTimes(times: number): Promise<void> {
      const lines = async () => (await machine.linesOf(HOST)).filter((line) => line.includes(" Serves "));
      await waitUntil(
        `the host has been started ${times} times`,
        async () => (await lines()).length >= times,
      );
    }
  },
);

interface Report {
  readonly uid: number;
  readonly host: number;
  readonly endsWith: unknown;
  readonly sessions: readonly { readonly id: string; readonly state: string }[];
}

function unit(name: string): string {
  return readFileSync(join(UNITS, name), "utf8");
}

function nodeRed(stateDir: string, more = ""): string {
  return `[Service]\n${more}\nExecStart=${process.execPath} ${STAND_IN} ${stateDir}\n`;
}
