import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { applyService, type ComposeFile, readComposeFile } from "../support/compose-file.ts";
import { ContainerYard, type OciContainer } from "../support/containers.ts";
import { installPackage } from "../support/installed-container.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

/** Node-RED's user in its image. */
const NODE_RED_USER = "1000:1000";
const STATE_DIR = ["--state-dir", "/data/exec-sessions"];

for (const kind of ["crun", "runc"] as const) {
  describeNeeding(["root", kind], `the containers of docs/compose.yaml, made by ${kind}`, function () {
    this.timeout(60_000);
    let compose: ComposeFile;
    let folder: string;
    let yard: ContainerYard;

    beforeEach(async () => {
      compose = await readComposeFile();
      folder = await realpath(await mkdtemp(join(tmpdir(), "compose-")));
      for (const name of Object.keys(compose.volumes)) await mkdir(join(folder, name), { mode: 0o755 });
      yard = await ContainerYard.open(kind);
      await mkdir(yard.root, { recursive: true });
    });

    afterEach(async () => {
      await yard.close();
      await rm(folder, { recursive: true });
    });

    it("have sessions in a third container, which go on when Node-RED's is made anew", async () => {
      const target = await yard.startContainer();
      const host = await startService("session-host");
      await waitUntil("the host is ready", async () => (await outputOf(host)).includes(" Serves "));
      const nodeRed = await startService("node-red");
      const job = "echo begun; while [ ! -e /tmp/go ]; do usleep 10000; done; echo done; exit 3";
      const created = await runIn(nodeRed, "exec", "--detach", ...place(), target.id, "--", "sh", "-c", job);
      await nodeRed.stop();
      await nodeRed.start();
      await writeFile(join(target.rootFileSystem, "tmp/go"), "");
      const joined = await runIn(nodeRed, "attach", "--since", "0", created.stdout);
      assert.deepEqual([joined.stdout, joined.exitCode, joined.stderr], ["begun\ndone", 3, ""]);
      // As an engine stops a container.
      process.kill(host.pid, "SIGTERM");
      await waitUntil("the host has left", async () => / SIGTERM: .*: 0\.\n/.test(await outputOf(host)));
    });

    /** A service's container; it runs the service's command, or else nothing. */
    async function startService(name: string): Promise<OciContainer> {
      const service = compose.services[name];
      assert.ok(service !== undefined, name);
      return yard.startContainer((config) => {
        installPackage(config);
        applyService(config, service, {
          sessions: join(folder, "sessions"),
          "node-red": join(folder, "node-red"),
          "/sys/fs/cgroup": "/sys/fs/cgroup",
          "/run/docker": yard.root,
          "/run/containerd": yard.folder,
        });
        if (service.command !== undefined) config.process.args = service.command.split(" ");
      });
    }

    /** Runs exec-sessions as Node-RED's user does. */
    function runIn({ id }: OciContainer, command: string, ...args: readonly string[]) {
      const inContainer = ["--root", yard.root, "exec", "--user", NODE_RED_USER, id];
      return execa(yard.program, [...inContainer, "exec-sessions", command, ...STATE_DIR, ...args], {
        reject: false,
      });
    }

    function place(): readonly string[] {
      const { kind, path, root } = yard.spec;
      return ["--runtime", kind, "--runtime-path", path, "--runtime-root", root];
    }

    function outputOf(container: OciContainer): Promise<string> {
      return readFile(join(container.folder, "program.log"), "utf8");
    }
  });
}
