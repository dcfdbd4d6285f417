import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renameSync, rmSync, symlinkSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContainerRoot } from "../../src/runtime/container-root.ts";

const MAX_BYTES = 1000;
const RACES = 300;

describe("a container's root", () => {
  let folder: string;
  let root: ContainerRoot;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "root-"));
    await mkdir(join(folder, "rootfs/etc/inner"), { recursive: true });
    await writeFile(join(folder, "secret"), "outside");
    await writeFile(join(folder, "rootfs/etc/file"), "inside");
    root = await ContainerRoot.open(join(folder, "rootfs"));
  });

  after(async () => {
    await root.close();
    await rm(folder, { recursive: true });
  });

  async function read(path: string): Promise<string | undefined> {
    return (await root.readFile(path, MAX_BYTES))?.toString();
  }

  async function link(target: string, name: string): Promise<void> {
    await symlink(target, join(folder, "rootfs", name));
  }

  it("has files and folders by absolute paths with any number of slashes and dots", async () => {
    for (const path of ["/etc/file", "etc/file", "//etc/./inner/..//file", "/../../etc/file"]) {
      assert.equal(await read(path), "inside", path);
    }
    for (const path of ["/", "", "/etc", "/etc/inner/", "/.."]) {
      assert.equal((await root.stat(path))?.isDirectory(), true, path);
    }
  });

  it("has nothing where there is nothing, below a file, or at a path that is too long", async () => {
    for (const path of ["/nonesuch", "/nonesuch/file", "/etc/file/", "/etc/file/x", `/${"x".repeat(300)}`]) {
      assert.equal(await read(path), undefined, path);
      assert.equal(await root.stat(path), null, path);
    }
  });

  it("follows links from its own point of view", async () => {
    await link("/etc/file", "absolute");
    await link("../../../../etc/./file", "etc/climbing");
    await link("absolute", "twice");
    await link("/etc/inner/..", "folder");
    await link("/etc/file", "etc/inner/from-below");
    for (const path of [
      "/absolute",
      "/etc/climbing",
      "/twice",
      "/etc/inner/from-below",
      "/folder/file",
      "/folder/inner/../file",
    ]) {
      assert.equal(await read(path), "inside", path);
    }
  });

  it("lets no link lead out of it", async () => {
    await link(join(folder, "secret"), "out");
    await link("../secret", "out-relative");
    await link(`/proc/self/root${folder}/secret`, "out-by-proc");
    await link(folder, "out-folder");
    for (const path of ["/out", "/out-relative", "/out-by-proc", "/out-folder/secret", "/../secret"]) {
      assert.equal(await read(path), undefined, path);
    }
  });

  it("does not follow links for ever", async () => {
    await link("loop-b", "loop-a");
    await link("loop-a", "loop-b");
    assert.equal(await root.stat("/loop-a"), null);
  });

  it("never shows what is outside while a folder is swapped for a link", async () => {
    const swapped = join(folder, "rootfs/swapped");
    await mkdir(join(folder, "kept"));
    await writeFile(join(folder, "kept/secret"), "in its folder");
    const seen = new Set<string | undefined>();
    for (let race = 0; race < RACES; race++) {
      renameSync(join(folder, "kept"), swapped);
      const reading = read("/swapped/secret");
      await Promise.resolve();
      renameSync(swapped, join(folder, "kept"));
      symlinkSync(folder, swapped);
      seen.add(await reading);
      rmSync(swapped);
    }
    assert.ok(!seen.has("outside"));
    assert.ok(seen.size > 0);
  });

  it("reads so much of a file, and nothing of what is none", async () => {
    assert.equal((await root.readFile("/etc/file", 3))?.toString(), "ins");
    execFileSync("mkfifo", [join(folder, "rootfs/fifo")]);
    assert.equal(await read("/fifo"), undefined);
    assert.equal(await read("/etc"), undefined);
  });
});
