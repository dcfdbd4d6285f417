import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OutputLog } from "../../src/session/output-log.ts";
import { describeNeeding } from "../support/requirements.ts";
import { appendKnown, readKnown } from "./known-output.ts";
import { LogOnDisk } from "./log-on-disk.ts";
import { waitUntil } from "./wait-until.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const DISK_BYTES = 24 * MIB;
/** Something else fills the disk but for so much. */
const FREE_BYTES = 2 * MIB;
const PIECE_BYTES = 64 * KIB;

describeNeeding(["root", "mount", "umount"], "an output log on a full disk", function () {
  this.timeout(60_000);
  let disk: LogOnDisk;
  let filler: string;

  beforeEach(async () => {
    disk = await LogOnDisk.make();
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk.bundle]);
    filler = join(disk.bundle, "filler");
    await writeFile(filler, Buffer.alloc(DISK_BYTES - FREE_BYTES));
  });

  afterEach(async () => {
    await disk.close();
    execFileSync("umount", [disk.bundle]);
    await disk.dispose();
  });

  it("says so once, drops and counts what memory cannot hold, and goes on by itself when there is room", async () => {
    const log = disk.create();
    await fill(log);
    assert.match(String(disk.errors[0]?.message), /^Output cannot be written to disk: ENOSPC/);
    while (log.totals.truncated < 5 * MIB) appendKnown(log, "stderr", PIECE_BYTES);
    const { truncated } = log.totals;
    const lastAttempt = await disk.changedAt();
    await waitUntil("the next attempt has failed", async () => (await disk.changedAt()) > lastAttempt);
    await rm(filler);
    await waitUntil("output is written again", async () => (await disk.files()).length > 1);
    appendKnown(log, "stdout", PIECE_BYTES);
    await log.finish();
    assert.equal(disk.errors.length, 1);
    assert.deepEqual([log.totals.truncated, log.totals.firstOffset], [truncated, 0]);
    const { ranges, at } = await readKnown(log);
    assert.deepEqual(
      ranges.map(({ kind }) => kind),
      ["stdout", "gap", "stderr", "stdout"],
    );
    assert.deepEqual(
      ranges.filter(({ kind }) => kind === "gap").map(({ from, to }) => to - from),
      [truncated],
    );
    const reopened = await disk.reopen(log.totals);
    assert.deepEqual(reopened.totals, log.totals);
    assert.deepEqual((await readKnown(reopened)).ranges, ranges);
    assert.equal(at, log.totals.stdoutBytes + log.totals.stderrBytes);
  });

  it("says so again when the disk has worked in between", async () => {
    const log = disk.create();
    await fill(log);
    await truncate(filler, DISK_BYTES - 5 * FREE_BYTES);
    await waitUntil("all is written", async () => (await disk.size()) > log.totals.stdoutBytes);
    // A piece that comes now is written once that attempt has ended: until then the disk has not worked.
    appendKnown(log, "stdout", PIECE_BYTES);
    await waitUntil("the next is written, too", async () => (await disk.size()) > log.totals.stdoutBytes);
    await fill(log);
    assert.equal(disk.errors.length, 2);
  });

  it("does not count what its consumers had read", async () => {
    const log = disk.create({ replayBytes: 64 * MIB });
    log.register("consumer", 0);
    await fill(log);
    for (let piece = 0; piece < 300; piece++) {
      log.advance("consumer", log.totals.stdoutBytes);
      appendKnown(log, "stdout", PIECE_BYTES);
    }
    log.advance("consumer", log.totals.stdoutBytes);
    await log.finish();
    assert.equal(log.totals.truncated, 0);
    assert.deepEqual(
      (await readKnown(log)).ranges.map(({ kind }) => kind),
      ["stdout", "gap", "stdout"],
    );
  });

  it("under `block` keeps the command waiting, and loses nothing", async () => {
    const log = disk.create({ policy: "block" });
    await fill(log);
    while (appendKnown(log, "stdout", PIECE_BYTES));
    const room = log.room();
    await rm(filler);
    await room;
    await log.finish();
    assert.deepEqual([disk.errors.length, log.totals.truncated], [1, 0]);
    assert.equal((await readKnown(log)).at, log.totals.stdoutBytes);
  });

  it("that ends is finished all the same: what is not on disk is counted, and readable until the log is closed", async () => {
    const log = disk.create();
    await fill(log);
    appendKnown(log, "stdout", PIECE_BYTES);
    await log.finish();
    const { stdoutBytes, truncated } = log.totals;
    assert.ok(truncated >= PIECE_BYTES);
    assert.deepEqual((await readKnown(log)).ranges, [{ kind: "stdout", from: 0, to: stdoutBytes }]);
    await log.close();
    const reopened = await disk.reopen(log.totals);
    assert.deepEqual((await readKnown(reopened)).ranges, [
      { kind: "stdout", from: 0, to: stdoutBytes - truncated },
      { kind: "gap", from: stdoutBytes - truncated, to: stdoutBytes },
    ]);
  });

  /** Appends until the disk has refused some of it. */
  async function fill(log: OutputLog): Promise<void> {
    const known = disk.errors.length;
    for (let bytes = 0; bytes < 3 * FREE_BYTES; bytes += PIECE_BYTES) appendKnown(log, "stdout", PIECE_BYTES);
    await waitUntil("the disk is full", () => disk.errors.length > known);
  }
});

describe("an output log whose files are deleted while it is written", () => {
  let disk: LogOnDisk;

  beforeEach(async () => {
    disk = await LogOnDisk.make();
  });

  afterEach(() => disk.dispose());

  it("says so, counts what is gone, and goes on in a new folder", async () => {
    const log = disk.create();
    appendKnown(log, "stdout", PIECE_BYTES);
    await waitUntil("output is on disk", async () => (await disk.size()) > PIECE_BYTES);
    await rm(disk.folder, { recursive: true });
    appendKnown(log, "stderr", PIECE_BYTES);
    await waitUntil("output is on disk again", async () => (await disk.size()) > PIECE_BYTES);
    await log.finish();
    assert.match(
      disk.errors.map(({ message }) => message).join(),
      /^Output cannot be written to disk: ENOENT[^,]*,[^,]*$/,
    );
    assert.deepEqual(log.totals, {
      stdoutBytes: PIECE_BYTES,
      stderrBytes: PIECE_BYTES,
      firstOffset: PIECE_BYTES,
      truncated: PIECE_BYTES,
    });
    assert.deepEqual((await readKnown(log)).ranges, [
      { kind: "gap", from: 0, to: PIECE_BYTES },
      { kind: "stderr", from: PIECE_BYTES, to: 2 * PIECE_BYTES },
    ]);
  });

  it("waits for its session's folder if that is gone as well", async () => {
    const log = disk.create();
    await rm(disk.bundle, { recursive: true });
    appendKnown(log, "stdout", PIECE_BYTES);
    await waitUntil("the disk has refused output", () => disk.errors.length > 0);
    await mkdir(disk.bundle);
    await waitUntil("output is on disk", async () => (await disk.size()) > PIECE_BYTES);
    await log.finish();
    assert.deepEqual([disk.errors.length, log.totals.truncated], [1, 0]);
  });
});
