import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { FileOutputLogs } from "../../src/output/file-output-logs.ts";
import { FileSegmentStorage } from "../../src/output/file-segment-storage.ts";
import { OpenFiles } from "../../src/output/open-files.ts";
import { SegmentedLogs } from "../../src/output/segmented-logs.ts";
import { appendKnown, bytesAt, readKnown } from "./known-output.ts";
import { LogOnDisk } from "./log-on-disk.ts";
import { describeOutputLogs } from "./output-contract.ts";
import { waitUntil } from "./wait-until.ts";

const MIB = 1024 * 1024;
const SESSIONS = 200;
/** As open-files.ts has it. */
const MOST_OPEN_FILES = 16;

describeOutputLogs("file-output-logs", async () => {
  const disk = await LogOnDisk.make();
  return { logs: new FileOutputLogs(), bundle: disk.bundle, dispose: () => disk.dispose() };
});

describe("file-output-logs: what is on disk", () => {
  let disk: LogOnDisk;

  beforeEach(async () => {
    disk = await LogOnDisk.make();
  });

  afterEach(() => disk.dispose());

  it("a segment is Docker's frames and nothing else, for the owner's eyes only", async () => {
    const log = disk.create();
    log.append("stdout", Buffer.from("out\n"));
    log.append("stderr", Buffer.from("err\n"));
    log.append("stdout", Buffer.from("more "));
    log.append("stdout", Buffer.from("out\n"));
    await log.finish();
    assert.deepEqual(await disk.files(), [`${disk.folder}/0000000000000000-0000000000000000.frames`]);
    assert.equal(
      await contents(disk),
      "\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n\x01\0\0\0\0\0\0\x09more out\n",
    );
    assert.equal((await stat(disk.folder)).mode & 0o777, 0o700);
    for (const file of await disk.files()) assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it("a segment is named by the output before it, and by how much of that was standard error", async () => {
    const log = disk.create({ maxBytes: MIB });
    appendKnown(log, "stderr", 10);
    for (let piece = 0; piece < 5; piece++) appendKnown(log, "stdout", 60_000);
    await log.finish();
    assert.deepEqual(
      (await disk.files()).map((file) => file.slice(disk.folder.length + 1)),
      [
        "0000000000000000-0000000000000000",
        "000000000001d4ca-000000000000000a",
        "000000000003a98a-000000000000000a",
      ].map((name) => `${name}.frames`),
    );
  });

  it("a command without output leaves no file, and one with a little writes once, at its end", async () => {
    const silent = disk.create();
    await silent.finish();
    await silent.close();
    const log = disk.create();
    appendKnown(log, "stdout", 60_000);
    assert.equal((await readKnownSoFar(log)).length, 60_000);
    assert.deepEqual(await disk.files(), []);
    await log.finish();
    assert.equal((await disk.files()).length, 1);
  });

  it("output reaches the disk by itself while the command goes on", async () => {
    const log = disk.create();
    appendKnown(log, "stdout", 100);
    await waitUntil("the first piece is on disk", async () => (await contents(disk)).length === 108);
    appendKnown(log, "stdout", 100);
    await waitUntil("the second piece is on disk", async () => (await contents(disk)).length === 216);
    assert.equal((await disk.files()).length, 1);
  });

  it("output that memory has no room for is written at once", async () => {
    const log = disk.create();
    while (appendKnown(log, "stdout", 64 * 1024));
    await log.room();
    assert.ok((await contents(disk)).length >= MIB);
  });

  it("output that its consumer passes quickly is not written, except for what a second leaves and the replay window", async () => {
    const storage = new CountingStorage(disk.folder, new OpenFiles());
    const limits = { maxBytes: 64 * MIB, replayBytes: MIB, policy: "dropOldest" } as const;
    const observer = { onLimit: () => {}, onError: (error: Error) => assert.fail(error) };
    const log = new SegmentedLogs(() => storage).create({ bundle: disk.bundle, limits, observer });
    log.register("consumer", 0);
    for (let piece = 0; piece < 1000; piece++) {
      appendKnown(log, "stdout", 64 * 1024);
      log.advance("consumer", log.totals.stdoutBytes);
      await setImmediate();
    }
    await log.finish();
    const { stdoutBytes, firstOffset, truncated } = log.totals;
    assert.ok(storage.writtenBytes < stdoutBytes / 4, `${storage.writtenBytes} bytes were written`);
    assert.ok(stdoutBytes - firstOffset >= MIB);
    assert.equal(truncated, 0);
    assert.equal((await readKnown(log, firstOffset)).at, stdoutBytes);
    await log.close();
  });

  it("a dropped segment's file is deleted, and the deletion needs no further output", async () => {
    const log = disk.create({ maxBytes: 64 * 1024, replayBytes: 0, policy: "block" });
    log.register("consumer", 0);
    appendKnown(log, "stdout", 60_000);
    appendKnown(log, "stdout", 60_000);
    await log.finish();
    assert.equal((await disk.files()).length, 2);
    log.advance("consumer", 60_000);
    await waitUntil("one segment is left", async () => (await disk.files()).length === 1);
    log.advance("consumer", 120_000);
    await waitUntil("no segment is left", async () => (await disk.files()).length === 0);
  });

  it("hundreds of sessions with output and readers have few files open, and none that nobody reads or writes", async () => {
    const shared = new FileOutputLogs();
    const disks = await Promise.all(Array.from({ length: SESSIONS }, () => LogOnDisk.make(shared)));
    const logs = disks.map((each) => each.create());
    const readings = logs.map((log) => readKnown(log));
    for (const log of logs) appendKnown(log, "stdout", 20_000);
    for (const each of disks) {
      await waitUntil("its output is on disk", async () => (await contents(each)).length === 20_008);
    }
    await waitUntil("no file is open", () => openFiles(disks) === 0);
    for (const log of logs) appendKnown(log, "stdout", 20_000);
    const writing = Promise.all(logs.map((log) => log.finish()));
    const mostOpen = await mostWhile(writing, () => openFiles(disks));
    assert.ok(mostOpen > 0 && mostOpen <= MOST_OPEN_FILES, `${mostOpen} files were open`);
    for (const reading of await Promise.all(readings)) assert.equal(reading.at, 40_000);
    assert.equal(openFiles(disks), 0);
    await Promise.all(disks.map((each) => each.dispose()));
  });
});

class CountingStorage extends FileSegmentStorage {
  writtenBytes = 0;

  override write(name: string, position: number, buffers: readonly Buffer[]): Promise<void> {
    for (const { length } of buffers) this.writtenBytes += length;
    return super.write(name, position, buffers);
  }
}

async function contents(disk: LogOnDisk): Promise<string> {
  const buffers = await Promise.all((await disk.files()).map((file) => readFile(file)));
  return Buffer.concat(buffers).toString("latin1");
}

/** Takes the first chunk and leaves. */
async function readKnownSoFar(log: ReturnType<LogOnDisk["create"]>): Promise<Buffer> {
  for await (const chunk of log.read()) {
    if (chunk.kind !== "data") break;
    assert.deepEqual(chunk.data, bytesAt(chunk.offset, chunk.data.length));
    return chunk.data;
  }
  assert.fail("there was no output");
}

function openFiles(disks: readonly LogOnDisk[]): number {
  const isOurs = (fd: string) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return disks.some((disk) => target.startsWith(disk.bundle));
    } catch {
      // Closed by now, such as the descriptor of the listing itself.
      return false;
    }
  };
  return readdirSync("/proc/self/fd").filter(isOurs).length;
}

/** The largest of the numbers seen until a promise settles. */
async function mostWhile(work: Promise<unknown>, count: () => number): Promise<number> {
  let most = 0;
  let isWorking = true;
  const done = work.finally(() => {
    isWorking = false;
  });
  while (isWorking) {
    most = Math.max(most, count());
    await setImmediate();
  }
  await done;
  return most;
}
