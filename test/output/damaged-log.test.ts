import assert from "node:assert/strict";
import { appendFile, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { NO_OUTPUT } from "../../src/session/exec-session.ts";
import { appendKnown, type ReadRange, readKnown } from "./known-output.ts";
import { LogOnDisk } from "./log-on-disk.ts";

const KIB = 1024;
const HEADER_BYTES = 8;
const PIECE_BYTES = 30_000;
const PIECES = 20;
const END = PIECE_BYTES * PIECES;
/** Two pieces fit into each. */
const SEGMENT_BYTES = 2 * PIECE_BYTES;
const DAMAGES = 300;

describe("a damaged output log", function () {
  this.timeout(60_000);
  let disk: LogOnDisk;

  beforeEach(async () => {
    disk = await LogOnDisk.make();
  });

  afterEach(() => disk.dispose());

  /** Ten segments of two pieces each, on two streams in turn. */
  async function write(): Promise<readonly string[]> {
    const log = disk.create({ maxBytes: 512 * KIB, policy: "block" });
    for (let piece = 0; piece < PIECES; piece++) {
      appendKnown(log, piece % 2 === 0 ? "stdout" : "stderr", PIECE_BYTES);
    }
    await log.finish();
    await log.close();
    const files = await disk.files();
    assert.equal(files.length, END / SEGMENT_BYTES);
    return files;
  }

  it("a last frame that a crash has torn was not written, wherever it was torn", async () => {
    const [last] = (await write()).slice(-1);
    assert.ok(last !== undefined);
    for (const kept of [PIECE_BYTES + HEADER_BYTES - 1, 5, 1, 0]) {
      await truncate(last, HEADER_BYTES + PIECE_BYTES + kept);
      const log = await disk.reopen();
      assert.deepEqual(log.totals, {
        stdoutBytes: END / 2,
        stderrBytes: END / 2 - PIECE_BYTES,
        firstOffset: 0,
        truncated: 0,
      });
      assert.deepEqual(
        (await readKnown(log)).ranges.at(-1),
        range("stdout", END - 2 * PIECE_BYTES, END - PIECE_BYTES),
      );
    }
  });

  it("a last segment without a whole frame ends where the one before it does", async () => {
    const [last] = (await write()).slice(-1);
    assert.ok(last !== undefined);
    await truncate(last, PIECE_BYTES);
    const log = await disk.reopen();
    assert.equal((await readKnown(log)).at, END - SEGMENT_BYTES);
    assert.deepEqual([log.totals.stdoutBytes, log.totals.stderrBytes], [270_000, 270_000]);
  });

  it("zeros at the end, as a power cut leaves them, are no frames", async () => {
    const [last] = (await write()).slice(-1);
    assert.ok(last !== undefined);
    await appendFile(last, Buffer.alloc(10_000));
    assert.equal((await readKnown(await disk.reopen())).at, END);
  });

  for (const [name, header] of Object.entries({
    "of no stream": [3, 0, 0, 0, 0, 0, 0x75, 0x30],
    "with padding that is not zero": [1, 0, 7, 0, 0, 0, 0x75, 0x30],
    "of no bytes": [1, 0, 0, 0, 0, 0, 0, 0],
    "longer than any frame": [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    "longer than its segment": [1, 0, 0, 0, 0, 0, 0xff, 0xff],
  })) {
    it(`a header ${name} hides the rest of its segment and nothing else`, async () => {
      const files = await write();
      await overwrite(files[3], HEADER_BYTES + PIECE_BYTES, Buffer.from(header));
      const log = await disk.reopen();
      assert.equal(log.totals.stdoutBytes + log.totals.stderrBytes, END);
      const { ranges } = await readKnown(log, 3 * SEGMENT_BYTES);
      assert.deepEqual(ranges.slice(0, 3), [
        range("stdout", 180_000, 210_000),
        range("gap", 210_000, 240_000),
        range("stdout", 240_000, 270_000),
      ]);
      assert.deepEqual((await readKnown(log, 230_000)).ranges[0], range("gap", 230_000, 240_000));
    });
  }

  it("a header that claims the frame behind it as well hides its segment", async () => {
    const files = await write();
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(2 * PIECE_BYTES + HEADER_BYTES, 4);
    await overwrite(files[3], 0, header);
    const { ranges } = await readKnown(await disk.reopen(), 3 * SEGMENT_BYTES);
    assert.deepEqual(ranges.slice(0, 2), [range("gap", 180_000, 240_000), range("stdout", 240_000, 270_000)]);
  });

  it("a segment that was cut short, or is gone, is a gap up to the next one", async () => {
    const files = await write();
    await truncate(files[3] ?? "", HEADER_BYTES + PIECE_BYTES);
    await rm(files[5] ?? "");
    const { ranges } = await readKnown(await disk.reopen(), 3 * SEGMENT_BYTES);
    assert.deepEqual(
      ranges.filter(({ kind }) => kind === "gap"),
      [range("gap", 210_000, 240_000), range("gap", 300_000, 360_000)],
    );
    assert.equal(ranges.at(-1)?.to, END);
  });

  it("a segment that is deleted while the log is open is a gap, and counts as truncated", async () => {
    const files = await write();
    const log = await disk.reopen();
    await rm(files[0] ?? "");
    await rm(files[1] ?? "");
    assert.deepEqual((await readKnown(log)).ranges[0], range("gap", 0, 2 * SEGMENT_BYTES));
    assert.deepEqual(log.totals, {
      stdoutBytes: END / 2,
      stderrBytes: END / 2,
      firstOffset: 2 * SEGMENT_BYTES,
      truncated: 2 * SEGMENT_BYTES,
    });
  });

  it("files that are no segments are left alone", async () => {
    await write();
    for (const name of ["notes.txt", "12.frames", `${"f".repeat(16)}-${"0".repeat(16)}.frames`]) {
      await writeFile(join(disk.folder, name), "foreign");
    }
    assert.equal((await readKnown(await disk.reopen())).at, END);
    assert.equal(await readFile(join(disk.folder, "notes.txt"), "utf8"), "foreign");
  });

  it("whatever has been overwritten or cut off, reading goes on to the end and never repeats or reorders", async () => {
    const files = await write();
    const originals = await Promise.all(files.map((file) => readFile(file)));
    const totals = { ...NO_OUTPUT, stdoutBytes: END / 2, stderrBytes: END / 2 };
    const arbitraryDamage = fc.record({
      file: fc.nat({ max: files.length - 1 }),
      position: fc.nat({ max: SEGMENT_BYTES + 2 * HEADER_BYTES }),
      bytes: fc.option(fc.uint8Array({ minLength: 1, maxLength: 12 })),
    });
    const property = async (
      damages: readonly { file: number; position: number; bytes: Uint8Array | null }[],
    ) => {
      for (const { file, position, bytes } of damages) {
        if (bytes === null) await truncate(files[file] ?? "", position);
        else await overwrite(files[file], position, Buffer.from(bytes));
      }
      const log = await disk.reopen(totals);
      let at = 0;
      for await (const chunk of log.read()) {
        assert.equal(chunk.offset, at);
        at += chunk.kind === "gap" ? chunk.bytes : chunk.data.length;
      }
      assert.equal(at, log.totals.stdoutBytes + log.totals.stderrBytes);
      assert.ok(at >= END, "what the record knows of is not forgotten");
      await disk.close();
      await Promise.all(files.map((file, index) => writeFile(file, originals[index] ?? "")));
    };
    await fc.assert(fc.asyncProperty(fc.array(arbitraryDamage, { minLength: 1, maxLength: 6 }), property), {
      numRuns: DAMAGES,
    });
  });
});

function range(kind: ReadRange["kind"], from: number, to: number): ReadRange {
  return { kind, from, to };
}

async function overwrite(path: string | undefined, position: number, bytes: Buffer): Promise<void> {
  const file = await open(path ?? "", "r+");
  await file.write(bytes, 0, bytes.length, position);
  await file.close();
}
