import assert from "node:assert/strict";
import { findFolder, readCgroupMounts, readCgroups } from "../../src/runtime/cgroup-mounts.ts";

describe("a control group's folder", () => {
  const mount = { isV2: true, controllers: [], root: "/", path: "/sys/fs/cgroup" };

  it("is below the mount", () => {
    assert.equal(findFolder(mount, "/a/b"), "/sys/fs/cgroup/a/b");
    assert.equal(findFolder(mount, "/"), "/sys/fs/cgroup/");
  });

  it("is below a mount of a part of the hierarchy, or nowhere", () => {
    const part = { ...mount, root: "/docker/x" };
    assert.equal(findFolder(part, "/docker/x/y"), "/sys/fs/cgroup/y");
    assert.equal(findFolder(part, "/docker/x"), "/sys/fs/cgroup");
    assert.equal(findFolder(part, "/docker/xy"), undefined);
  });

  it("is nowhere for a group outside of this process's namespace", () => {
    assert.equal(findFolder(mount, "/../other"), undefined);
  });

  it("can be told for every hierarchy that this machine mounts and this process is in", () => {
    const mounts = readCgroupMounts();
    for (const entry of readCgroups(process.pid)) {
      assert.match(entry.group, /^\//);
      const isMounted = mounts.some(
        ({ isV2, controllers }) =>
          isV2 === entry.isV2 && (isV2 || entry.controllers.every((name) => controllers.includes(name))),
      );
      assert.ok(isMounted || entry.isV2, JSON.stringify(entry));
    }
  });
});
