import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../../src/store/make-folder.ts";

describe("making a folder", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "make-"));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it("makes all that is missing on the way, for this user alone", () => {
    makeFolder(join(root, "a", "b", "c"));
    for (const path of ["a", "a/b", "a/b/c"]) assert.equal(statSync(join(root, path)).mode & 0o777, 0o700);
  });

  it("leaves a folder, and a link to one, as it is", () => {
    mkdirSync(join(root, "open"), { mode: 0o755 });
    symlinkSync("open", join(root, "link"));
    for (const name of ["open", "link"]) makeFolder(join(root, name));
    assert.equal(statSync(join(root, "open")).mode & 0o777, 0o755);
  });

  it("fails where a file is, or no folder can be, and does not go on trying", () => {
    writeFileSync(join(root, "file"), "");
    symlinkSync("nowhere", join(root, "link"));
    assert.throws(() => makeFolder(join(root, "file")), { code: "EEXIST" });
    assert.throws(() => makeFolder(join(root, "file", "below")), { code: "ENOTDIR" });
    assert.throws(() => makeFolder(join(root, "link")), { code: "ENOENT" });
    assert.throws(() => makeFolder("/proc/none/below"), { code: "ENOENT" });
  });
});
