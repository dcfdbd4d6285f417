import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OciWorld } from "../oci-contract.ts";
import { RuntimeWorld } from "../runtime-world.ts";
import { isSessionError } from "./starting.ts";

const SECRET = "a-secret-value-of-this-test";

export function describeOciFiles(oci: () => OciWorld): void {
  describe("files", () => {
    it("are looked up within the container, mounts included", async () => {
      const folder = await mkdtemp(join(tmpdir(), "mounted-"));
      await mkdir(join(folder, "inner"));
      const container = await oci().yard.startContainer((config) => {
        config.mounts.push({ destination: "/mnt", type: "bind", source: folder, options: ["rbind", "ro"] });
      });
      const world = await RuntimeWorld.open(oci().yard.spec, container.id);
      const { stdout } = await world.run({ command: ["pwd"], workDir: "/mnt/inner" });
      assert.equal(String(stdout), "/mnt/inner\n");
      await world.close();
      await container.remove();
      await rm(folder, { recursive: true });
    });

    it("that the container has linked to the machine's are not followed out of it", async () => {
      const { world, container } = oci();
      const outside = await mkdtemp(join(tmpdir(), "outside-"));
      await writeFile(join(outside, "passwd"), "intruder:x:666:666::/:/bin/sh\n");
      const etc = join(container.rootFileSystem, "etc");
      await rename(join(etc, "passwd"), join(etc, "passwd.kept"));
      try {
        for (const target of [join(outside, "passwd"), `../../../../../../../../..${outside}/passwd`]) {
          await symlink(target, join(etc, "passwd"));
          await assert.rejects(
            world.resolve({ command: ["id"], user: "intruder" }),
            isSessionError("EXEC_USER_NOT_FOUND", /"intruder"/),
          );
          await rm(join(etc, "passwd"));
        }
        await symlink(outside, join(container.rootFileSystem, "way-out"));
        await assert.rejects(
          world.resolve({ command: ["pwd"], workDir: "/way-out" }),
          isSessionError("EXEC_WORKDIR_NOT_FOUND", /way-out/),
        );
      } finally {
        await rename(join(etc, "passwd.kept"), join(etc, "passwd"));
        await rm(outside, { recursive: true });
      }
    });

    it("that are FIFOs, devices or folders in the place of passwd hold nobody up", async () => {
      const { world, container } = oci();
      const passwd = join(container.rootFileSystem, "etc/passwd");
      await rename(passwd, `${passwd}.kept`);
      try {
        for (const make of [
          ["mkfifo", passwd],
          ["mknod", passwd, "c", "1", "5"],
          ["mkdir", passwd],
        ]) {
          const [program = "", ...args] = make;
          execFileSync(program, args);
          await assert.rejects(
            world.resolve({ command: ["id"], user: "app" }),
            isSessionError("EXEC_USER_NOT_FOUND", /"app"/),
          );
          assert.equal((await world.resolve({ command: ["id"], user: "7" })).user.uid, 7);
          await rm(passwd, { recursive: true });
        }
      } finally {
        await rename(`${passwd}.kept`, passwd);
      }
    });

    it("with secrets have no name, and no command line shows what is in them", async () => {
      const folder = await mkdtemp(join(tmpdir(), "witness-"));
      const { program } = oci().yard;
      const witness = join(folder, "runtime");
      // A runtime that keeps what it was given, and goes on as the real one.
      await writeFile(witness, witnessScript(program, folder));
      await chmod(witness, 0o755);
      const spec = { ...oci().yard.spec, path: witness };
      const world = await RuntimeWorld.open(spec, oci().container.id);
      const process = await world.start({ command: ["sleep", "1000"], env: { TOKEN: SECRET } });
      assert.equal(await readFile(join(folder, "mode-and-names"), "utf8"), "600 0\n");
      assert.match(await readFile(join(folder, "content"), "utf8"), new RegExp(SECRET));
      assert.deepEqual(readdirSync(world.bundle), ["exec_pid"]);
      assert.deepEqual(commandLinesWith(SECRET), []);
      await process.killAll();
      await process.exited;
      process.release();
      await world.close();
      await rm(folder, { recursive: true });
    });
  });
}

function witnessScript(program: string, folder: string): string {
  return `#!/bin/sh
previous=
for argument; do
  if [ "$previous" = --process ]; then
    stat -L -c '%a %h' "$argument" >${folder}/mode-and-names
    cat "$argument" >${folder}/content
  fi
  previous=$argument
done
exec ${program} "$@"
`;
}

/** Command lines of all processes that have a text in them. */
function commandLinesWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(text));
}
