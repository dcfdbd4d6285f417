import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Trash } from "../../src/store/trash.ts";

describe("trash", () => {
  let folder: string;
  let reports: string[];
  let trash: Trash;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "trash-"));
    reports = [];
    trash = new Trash((sentence) => reports.push(sentence));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("that is a folder of files is deleted in the next turn, and before that when room is needed", async () => {
    for (const wait of [setImmediate, async () => trash.empty()]) {
      mkdirSync(join(folder, "bundle"));
      writeFileSync(join(folder, "bundle", "record"), "x");
      await trash.delete(join(folder, "bundle"));
      assert.equal(existsSync(join(folder, "bundle", "record")), true);
      await wait();
      assert.equal(existsSync(join(folder, "bundle")), false);
    }
    assert.deepEqual(reports, []);
  });

  it("that is anything else is gone when that is said, but not what it links to", async () => {
    const [deep, file, linked, outside] = ["deep", "file", "linked", "outside"].map((name) =>
      join(folder, name),
    ) as [string, string, string, string];
    for (const path of [deep, join(deep, "output"), linked, outside]) mkdirSync(path);
    writeFileSync(join(deep, "output", "segment"), "x");
    writeFileSync(file, "x");
    writeFileSync(join(outside, "kept"), "");
    symlinkSync(outside, join(linked, "link"));
    for (const path of [deep, file, linked, join(folder, "nothing")]) {
      await trash.delete(path);
      assert.equal(existsSync(path), false, path);
    }
    assert.equal(existsSync(join(outside, "kept")), true);
  });

  it("that cannot be deleted is reported, or refused where somebody waits", async () => {
    mkdirSync(join(folder, "bundle"));
    // No folder goes by that name.
    const stubborn = `${folder}/bundle/.`;
    await trash.delete(stubborn);
    await setImmediate();
    assert.equal(reports.length, 1);
    assert.match(
      reports[0] ?? "",
      /^\S+\/bundle\/\., of a session that has been removed, will be deleted when its state directory is opened next: .*EINVAL/,
    );
    mkdirSync(join(folder, "bundle", "output"));
    await assert.rejects(trash.delete(stubborn), { code: "EINVAL" });
  });
});
