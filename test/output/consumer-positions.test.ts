import assert from "node:assert/strict";
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FileSegmentStorage } from "../../src/output/file-segment-storage.ts";
import { OpenFiles } from "../../src/output/open-files.ts";
import { SegmentedLogs } from "../../src/output/segmented-logs.ts";
import type { OutputLog } from "../../src/session/output-log.ts";
import { waitUntil } from "../support/wait-until.ts";
import { appendKnown } from "./known-output.ts";
import { LogOnDisk } from "./log-on-disk.ts";

const KIB = 1024;

describe("the positions of an output log's consumers on disk", () => {
  let disk: LogOnDisk;
  let file: string;

  beforeEach(async () => {
    disk = await LogOnDisk.make();
    file = join(disk.folder, "consumers.json");
  });

  afterEach(() => disk.dispose());

  async function onDisk(): Promise<unknown> {
    return JSON.parse(await readFile(file, "utf8"));
  }

  it("are one small file beside the segments, for the owner's eyes only", async () => {
    const log = disk.create();
    appendKnown(log, "stdout", 100);
    log.register("flow", 0);
    log.advance("flow", 70);
    await log.close();
    assert.deepEqual(await onDisk(), { flow: 70 });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(disk.folder)).sort(), [
      "0000000000000000-0000000000000000.frames",
      "consumers.json",
    ]);
  });

  it("cost a command nothing whose consumer reads to the end and is forgotten", async () => {
    const { log, storage } = createCounting();
    log.register("flow", 0);
    for (let piece = 0; piece < 20; piece++) {
      appendKnown(log, "stdout", 20 * KIB);
      log.advance("flow", log.totals.stdoutBytes);
    }
    await log.finish();
    log.unregister("flow");
    await log.close();
    assert.deepEqual([storage.replaced, storage.removed], [0, 0]);
  });

  it("are there by themselves once a consumer has moved, and rarely while it goes on", async () => {
    const { log, storage } = createCounting();
    appendKnown(log, "stdout", 100);
    log.register("flow", 0);
    log.advance("flow", 1);
    let position = 1;
    await waitUntil("the position is on disk", () => {
      log.advance("flow", ++position);
      return storage.replaced > 0;
    });
    assert.equal(storage.replaced, 1);
    assert.ok(position > 100, `${position} moves`);
    await log.close();
  });

  it("are there before the files that all consumers have passed are gone", async () => {
    const { log, storage } = createCounting({ maxBytes: 64 * KIB, policy: "block" });
    log.register("slow", 0);
    log.register("fast", 0);
    appendKnown(log, "stdout", 60_000);
    appendKnown(log, "stdout", 60_000);
    await log.finish();
    storage.onRemove = async (name) => storage.seen.push(`${name}: ${await readFile(file, "utf8")}`);
    log.advance("fast", 110_000);
    log.advance("slow", 60_000);
    await waitUntil("a segment is gone", () => storage.removed === 1);
    assert.deepEqual(storage.seen, [
      '0000000000000000-0000000000000000.frames: {"slow":60000,"fast":110000}',
    ]);
    await log.close();
  });

  it("are gone with the last consumer, and the file with them", async () => {
    const log = disk.create();
    appendKnown(log, "stdout", 100);
    log.register("flow", 50);
    await log.close();
    const ended = await disk.reopen(log.totals);
    assert.equal(ended.position("flow"), 50);
    ended.unregister("flow");
    await ended.close();
    await assert.rejects(stat(file), { code: "ENOENT" });
  });

  it("that are torn, foreign or no file at all are none, and the output is there as ever", async () => {
    const log = disk.create();
    appendKnown(log, "stdout", 100);
    log.register("flow", 50);
    await log.close();
    const damages: readonly (() => Promise<unknown>)[] = [
      () => truncate(file, 7),
      () => truncate(file, 0),
      () => writeFile(file, Buffer.alloc(500)),
      () => writeFile(file, '{"flow":"far"}'),
      () => writeFile(file, '{"flow":-1}'),
      () => writeFile(file, "null"),
      () => appendFile(file, "{"),
      () => rm(file).then(() => mkdir(file)),
    ];
    for (const damage of damages) {
      await damage();
      const reopened = await disk.reopen(log.totals);
      assert.equal(reopened.position("flow"), undefined, String(damage));
      assert.equal(reopened.totals.stdoutBytes, 100);
      // Nor does a place that cannot be written to keep anybody from closing it.
      reopened.register("flow", 20);
      await reopened.close();
    }
    assert.deepEqual(disk.errors, []);
  });

  it("are written later if the disk has refused them, and what has been passed is deleted all the same", async () => {
    const { log, storage } = createCounting({ maxBytes: 64 * KIB, policy: "block" });
    log.register("flow", 0);
    appendKnown(log, "stdout", 60_000);
    appendKnown(log, "stdout", 60_000);
    await log.finish();
    storage.refusals = 1;
    log.advance("flow", 60_000);
    await waitUntil("a segment is gone", () => storage.removed > 0);
    await assert.rejects(stat(file), { code: "ENOENT" });
    await waitUntil("the position is on disk", () => storage.replaced > 0);
    assert.deepEqual(await onDisk(), { flow: 60_000 });
    await log.close();
  });

  function createCounting(limits: Partial<Parameters<LogOnDisk["create"]>[0]> = {}): {
    readonly log: OutputLog;
    readonly storage: CountingStorage;
  } {
    const storage = new CountingStorage(disk.folder, new OpenFiles());
    const observer = { onLimit: () => {}, onError: (error: Error) => assert.fail(error) };
    const log = new SegmentedLogs(() => storage).create({
      bundle: disk.bundle,
      limits: { maxBytes: 64 * KIB * KIB, replayBytes: 0, policy: "dropOldest", ...limits },
      observer,
    });
    return { log, storage };
  }
});

/** Counts what the positions cost. */
class CountingStorage extends FileSegmentStorage {
  replaced = 0;
  removed = 0;
  refusals = 0;
  readonly seen: string[] = [];
  onRemove: (name: string) => Promise<unknown> = async () => {};

  override async replace(name: string, content: Buffer): Promise<void> {
    if (this.refusals-- > 0) throw new Error("the disk is full");
    await super.replace(name, content);
    this.replaced++;
  }

  override async remove(name: string): Promise<void> {
    await this.onRemove(name);
    await super.remove(name);
    this.removed++;
  }
}
