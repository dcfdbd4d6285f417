import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ExecConfigInput } from "../../../src/session/exec-config.ts";
import type { OciConfig } from "../../support/containers.ts";
import type { OciWorld } from "../oci-contract.ts";
import { RuntimeWorld } from "../runtime-world.ts";
import { startErrorOf } from "./starting.ts";

/** CAP_KILL, CAP_NET_BIND_SERVICE and CAP_AUDIT_WRITE, which `crun spec` and `runc spec` give. */
const USUAL_CAPABILITIES = "0000000020000420";
const NONE = "0000000000000000";

export function describeOciProcess(oci: () => OciWorld): void {
  describe("a command's process", () => {
    it("has the container's environment, of which the request replaces parts by name", async () => {
      const world = await otherContainer(oci(), (config) => {
        config.process.env = ["PATH=/bin", "KEPT=1", "KEPT=2", "CHANGED=old", "HOME=/data"];
      });
      const { stdout } = await world.run({ command: ["env"], env: { CHANGED: "new", ADDED: "x" } });
      assert.deepEqual(String(stdout).trim().split("\n").sort(), [
        "ADDED=x",
        "CHANGED=new",
        "HOME=/data",
        "KEPT=2",
        "PATH=/bin",
      ]);
      await world.close();
    });

    it("has TERM only with a terminal, and then the container's before a usual one", async () => {
      const world = await otherContainer(oci(), (config) => {
        config.process.env = ["PATH=/bin"];
      });
      const term = async (input: Partial<ExecConfigInput>) =>
        String((await world.shell('echo "[$TERM]"', input)).stdout).trim();
      assert.deepEqual([await term({}), await term({ tty: true })], ["[]", "[xterm]"]);
      assert.equal(await term({ tty: true, env: { TERM: "vt220" } }), "[vt220]");
      await world.close();
    });

    it("has a home from passwd where nobody sets one", async () => {
      const { stdout } = await oci().world.shell('echo "$HOME"; cd && pwd', { user: "app" });
      assert.equal(String(stdout), "/home/app\n/home/app\n");
      assert.equal(String((await oci().world.shell('echo "$HOME"')).stdout), "/root\n");
    });

    it("has a home also as a user that passwd does not know", async () => {
      const world = await otherContainer(oci(), (config) => {
        config.process.user = { uid: 4242, gid: 4242 };
      });
      assert.equal(String((await world.shell('echo "$HOME"')).stdout), "/\n");
      await world.close();
    });

    it("has a named user's groups, but only the group that is asked for with a colon", async () => {
      const { world } = oci();
      const groups = async (user: string) => {
        const { user: resolved } = await world.resolve({ command: ["id"], user });
        const { stdout } = await world.shell("id -u; id -g; id -G", { user });
        const [uid, gid, all = ""] = String(stdout).trim().split("\n");
        assert.deepEqual([resolved.uid, resolved.gid], [Number(uid), Number(gid)]);
        assert.deepEqual(
          resolved.additionalGids,
          all
            .split(" ")
            .map(Number)
            .sort((a, b) => a - b),
        );
        return `${uid}:${gid}:${resolved.additionalGids.join()}`;
      };
      assert.deepEqual(
        [await groups("app"), await groups("1000"), await groups("app:staff"), await groups("plain:29")],
        ["1000:1000:29,50,1000", "1000:1000:29,50,1000", "1000:50:50", "1001:29:29"],
      );
    });

    it("has the container's user, groups, umask, limits and working directory where it asks for none", async () => {
      const world = await otherContainer(oci(), (config) => {
        config.process.user = { uid: 1000, gid: 1000, additionalGids: [29, 1000], umask: 0o27 };
        config.process.cwd = "/home/app";
        config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 123, hard: 123 }];
      });
      const { stdout } = await world.shell("id -u; id -g; id -G; ulimit -n; pwd; echo $HOME; umask");
      const lines = String(stdout).trim().split("\n");
      assert.deepEqual(lines.slice(0, -1), ["1000", "1000", "1000 29", "123", "/home/app", "/home/app"]);
      // runc 1.1 gives the umask to the container's first process only.
      if (oci().yard.kind === "crun") assert.equal(lines.at(-1), "0027");
      await world.close();
    });

    it("has the container's capabilities as root, none as another user, and nothing inheritable", async () => {
      assert.deepEqual(await capabilities(oci().world, {}), {
        CapInh: NONE,
        CapPrm: USUAL_CAPABILITIES,
        CapEff: USUAL_CAPABILITIES,
        CapBnd: USUAL_CAPABILITIES,
        CapAmb: NONE,
      });
      assert.deepEqual(await capabilities(oci().world, { user: "app" }), {
        CapInh: NONE,
        CapPrm: NONE,
        CapEff: NONE,
        CapBnd: USUAL_CAPABILITIES,
        CapAmb: NONE,
      });
    });

    it("has all capabilities of this process when it is privileged, but in effect only as root", async () => {
      const all = ownBoundingSet();
      assert.deepEqual(await capabilities(oci().world, { privileged: true }), {
        CapInh: NONE,
        CapPrm: all,
        CapEff: all,
        CapBnd: all,
        CapAmb: NONE,
      });
      assert.deepEqual(await capabilities(oci().world, { privileged: true, user: "app" }), {
        CapInh: NONE,
        CapPrm: NONE,
        CapEff: NONE,
        CapBnd: all,
        CapAmb: NONE,
      });
    });

    it("keeps what the container gives to its own user", async () => {
      const world = await otherContainer(oci(), (config) => {
        config.process.user = { uid: 1000, gid: 1000 };
        config.process.capabilities = {
          bounding: ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
          effective: ["CAP_NET_BIND_SERVICE"],
          permitted: ["CAP_NET_BIND_SERVICE"],
          inheritable: ["CAP_NET_BIND_SERVICE"],
          ambient: ["CAP_NET_BIND_SERVICE"],
        };
      });
      const bind = "0000000000000400";
      const expected = { CapInh: bind, CapPrm: bind, CapEff: bind, CapBnd: "0000000000000420", CapAmb: bind };
      assert.deepEqual(await capabilities(world, {}), expected);
      await world.close();
    });

    it("has no way to more rights where the container has none", async () => {
      const { stdout } = await oci().world.shell("grep NoNewPrivs /proc/self/status");
      assert.match(String(stdout), /1$/m);
    });

    it("may not be executed when its file is no program at all", async () => {
      const { world } = oci();
      await world.shell("echo exit 0 >/tmp/plain && chmod 755 /tmp/plain");
      assert.equal((await startErrorOf(world, { command: ["/tmp/plain"] }))?.kind, "notExecutable");
    });
  });
}

/** A container of its own for one test; the yard removes it. */
async function otherContainer(
  { yard }: OciWorld,
  configure: (config: OciConfig) => void,
): Promise<RuntimeWorld> {
  const container = await yard.startContainer(configure);
  return RuntimeWorld.open(yard.spec, container.id);
}

async function capabilities(
  world: RuntimeWorld,
  input: Partial<ExecConfigInput>,
): Promise<Record<string, string>> {
  const { stdout } = await world.run({ ...input, command: ["grep", "Cap", "/proc/self/status"] });
  const lines = String(stdout).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/:\s*/)));
}

function ownBoundingSet(): string {
  const [, mask = ""] = /^CapBnd:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return mask;
}
