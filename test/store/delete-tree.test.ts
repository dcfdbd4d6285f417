import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deleteTree } from "../../src/store/delete-tree.ts";

describe("deleting a tree", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tree-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("takes files of any size, folders and links, and nothing that a link points to", async () => {
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "a", "b"), { recursive: true });
    mkdirSync(join(folder, "outside"));
    writeFileSync(join(folder, "outside", "kept"), "");
    writeFileSync(join(tree, "a", "small"), "x");
    writeFileSync(join(tree, "a", "b", "large"), "");
    truncateSync(join(tree, "a", "b", "large"), 1024 ** 3);
    symlinkSync(join(folder, "outside"), join(tree, "link"));
    symlinkSync("nowhere", join(tree, "a", "dangling"));
    await deleteTree(tree);
    assert.deepEqual([existsSync(tree), readdirSync(join(folder, "outside"))], [false, ["kept"]]);
  });

  it("takes a single file or link, and nothing where nothing is", async () => {
    mkdirSync(join(folder, "outside"));
    writeFileSync(join(folder, "outside", "kept"), "");
    writeFileSync(join(folder, "file"), "");
    symlinkSync("outside", join(folder, "link"));
    for (const name of ["file", "link", "nothing", "nothing/below"]) await deleteTree(join(folder, name));
    assert.deepEqual([readdirSync(folder), readdirSync(join(folder, "outside"))], [["outside"], ["kept"]]);
  });

  it("minds no one who deletes at the same time", async () => {
    for (let round = 0; round < 20; round++) {
      const tree = join(folder, "tree");
      for (let index = 0; index < 10; index++) {
        mkdirSync(join(tree, String(index)), { recursive: true });
        for (const name of ["a", "b"]) {
          writeFileSync(join(tree, String(index), name), "");
          truncateSync(join(tree, String(index), name), 1024 ** 2);
        }
      }
      await Promise.all([deleteTree(tree), deleteTree(tree), deleteTree(tree)]);
      assert.equal(existsSync(tree), false);
    }
  });
});
