import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RuntimeWorld } from "../runtime-world.ts";
import { isSessionError } from "./starting.ts";

export function describeRequests(world: () => RuntimeWorld): void {
  describe("requests", () => {
    it("add to the environment and replace by name", async () => {
      const env = { PATH: "/bin:/usr/bin", NEW: "a b=c\nd", EMPTY: "" };
      const { stdout, exitCode } = await world().shell('echo "$PATH|$NEW|$EMPTY|"; test -n "$HOME"', { env });
      assert.equal(String(stdout), "/bin:/usr/bin|a b=c\nd||\n");
      assert.equal(exitCode, 0, "HOME is there");
      const { environmentNames } = await world().resolve({ command: ["env"], env });
      for (const name of ["PATH", "NEW", "EMPTY"]) {
        assert.equal(environmentNames.filter((other) => other === name).length, 1, name);
      }
    });

    it("run as a user by name, with its own group", async () => {
      const { user } = await world().resolve({ command: ["id"], user: "daemon" });
      assert.deepEqual([user.uid, user.gid], [1, 1]);
      const { stdout } = await world().shell("id -u; id -g", { user: "daemon" });
      assert.equal(String(stdout), "1\n1\n");
    });

    it("run as a user and a group by number, known or not", async () => {
      const { stdout } = await world().shell("id -u; id -g; id -G", { user: "54321:12345" });
      assert.equal(String(stdout), "54321\n12345\n12345\n");
    });

    it("run as a number without an entry, in group 0", async () => {
      const { stdout } = await world().shell('id -u; id -g; echo "$HOME"', { user: "54321" });
      assert.equal(String(stdout), "54321\n0\n/\n");
    });

    it("name a user or group that is not there", async () => {
      await assert.rejects(
        world().resolve({ command: ["id"], user: "nonesuch" }),
        isSessionError("EXEC_USER_NOT_FOUND", /"nonesuch"/),
      );
      await assert.rejects(
        world().start({ command: ["id"], user: "daemon:nonesuch" }),
        isSessionError("EXEC_GROUP_NOT_FOUND", /"nonesuch"/),
      );
    });

    it("run in a working directory, links followed", async () => {
      assert.equal((await world().shell("mkdir -p /tmp/wd/real && ln -sfn real /tmp/wd/link")).exitCode, 0);
      const { stdout } = await world().run({ command: ["pwd"], workDir: "/tmp/../tmp/wd/./link/" });
      assert.equal(String(stdout), "/tmp/wd/real\n");
      assert.equal((await world().shell("rm -r /tmp/wd")).exitCode, 0);
    });

    it("name a working directory that is not there, or is none", async () => {
      await assert.rejects(
        world().resolve({ command: ["pwd"], workDir: "/nonesuch" }),
        isSessionError("EXEC_WORKDIR_NOT_FOUND", /"\/nonesuch" does not exist/),
      );
      await assert.rejects(
        world().start({ command: ["pwd"], workDir: "/etc/passwd" }),
        isSessionError("EXEC_WORKDIR_NOT_FOUND", /"\/etc\/passwd" is not a directory/),
      );
    });

    describe("for other file descriptors", () => {
      let folder: string;

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), "files-"));
        await writeFile(join(folder, "first"), "1st");
        await writeFile(join(folder, "second"), "2nd");
      });

      after(() => rm(folder, { recursive: true }));

      it("pass on those of this process, then files, in order from 3 on, and nothing else", async () => {
        // The last descriptor is that of the listing itself; some may come from whoever started the tests.
        const { stdout: usual } = await world().shell("ls /proc/self/fd");
        const fd = openSync(join(folder, "first"), "r");
        const { stdout } = await world().shell("cat <&3; cat <&4; cat <&5; echo; ls /proc/self/fd", {
          preserveFds: [fd],
          extraFiles: [join(folder, "second"), "/dev/null"],
        });
        closeSync(fd);
        const [content, ...fds] = String(stdout).trim().split("\n");
        assert.equal(content, "1st2nd");
        const added = fds.filter((number) => !String(usual).split("\n").includes(number));
        assert.deepEqual(added, ["4", "5", "6"]);
      });

      it("name a file that cannot be opened, and a descriptor that is not open", async () => {
        await assert.rejects(
          world().start({ command: ["true"], extraFiles: [join(folder, "first"), "/nonesuch/file"] }),
          isSessionError("EXEC_INVALID_CONFIG", /"extraFiles" names \/nonesuch\/file/),
        );
        await assert.rejects(
          world().start({ command: ["true"], preserveFds: [54_321] }),
          isSessionError("EXEC_INVALID_CONFIG", /"preserveFds" has 54321/),
        );
      });
    });
  });
}
