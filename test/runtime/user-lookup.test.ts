import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContainerRoot } from "../../src/runtime/container-root.ts";
import { findHome, findUser } from "../../src/runtime/user-lookup.ts";
import { isSessionError } from "./contract/starting.ts";

const PASSWD = `# a comment
root:x:0:0:root:/root:/bin/sh
broken:x:notanumber:5::/broken:/bin/sh
huge:x:4294967295:5::/huge:/bin/sh
short:x:7
app:x:1000:100:An application:/home/app:/bin/sh
1234:x:1500:1500::/named-by-number:/bin/sh
homeless:x:1600:1600:::
twin:x:1000:999::/second:/bin/sh

+nis::::::
`;
const GROUP = `root:x:0:
users:x:100:
wheel:x:10:root,app
audio:x:29: app ,other
none:x:30:application
broken:x:x:app
`;

describe("a user of a container", () => {
  let folder: string;
  let root: ContainerRoot;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "users-"));
    await mkdir(join(folder, "etc"));
    await writeFile(join(folder, "etc/passwd"), PASSWD);
    await writeFile(join(folder, "etc/group"), GROUP);
    root = await ContainerRoot.open(folder);
  });

  after(async () => {
    await root.close();
    await rm(folder, { recursive: true });
  });

  function find(user: string) {
    return findUser({ root, user, container: "c" });
  }

  it("is found by name or number, with all groups that list the name", async () => {
    const app = { uid: 1000, gid: 100, home: "/home/app", additionalGids: [10, 29, 100] };
    assert.deepEqual(await find("app"), app);
    assert.deepEqual(await find("1000"), app);
  });

  it("has only the group that is asked for, by name or number, listed or not", async () => {
    for (const [group, gid] of [
      ["wheel", 10],
      ["29", 29],
      ["777", 777],
    ]) {
      const { uid, gid: found, additionalGids } = await find(`app:${group}`);
      assert.deepEqual([uid, found, additionalGids], [1000, gid, [gid]]);
    }
  });

  it("may be a number that is not listed, in group 0 and without a home", async () => {
    assert.deepEqual(await find("4321"), { uid: 4321, gid: 0, home: null, additionalGids: [0] });
    assert.deepEqual(await find("2147483647:5"), {
      uid: 2147483647,
      gid: 5,
      home: null,
      additionalGids: [5],
    });
  });

  it("is found by a name that looks like a number", async () => {
    assert.equal((await find("1234")).uid, 1500);
  });

  it("is not found in lines that say no user, nor beyond the largest number", async () => {
    for (const user of [
      "nobody",
      "broken",
      "huge",
      "short",
      "+nis",
      "-1",
      "1.5",
      "0x10",
      "2147483648",
      " app",
    ]) {
      await assert.rejects(find(user), isSessionError("EXEC_USER_NOT_FOUND", /Container c has no user/));
    }
    for (const group of ["nogroup", "broken", "-1", "2147483648"]) {
      await assert.rejects(
        find(`app:${group}`),
        isSessionError("EXEC_GROUP_NOT_FOUND", /Container c has no group/),
      );
    }
  });

  it("has the first home of its number, if any", async () => {
    assert.deepEqual(
      [await findHome(root, 1000), await findHome(root, 1600), await findHome(root, 5)],
      ["/home/app", null, null],
    );
  });
});
