import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRecord, writeRecordDurably } from "../../src/store/record-file.ts";
import { DURABLE_WRITE, PLAIN_WRITE, traceRecordWrites } from "./trace-record-writes.ts";

const MODULE = new URL("../../src/store/record-file.ts", import.meta.url).href;

describe("record file", () => {
  let folder: string;
  let bundle: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "record-"));
    bundle = join(folder, "bundle");
    mkdirSync(bundle);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("is on the disk, with its own name and its bundle's, before a durable write resolves", () => {
    assert.deepEqual(traceRecordWrites(scriptOf("writeRecordDurably")), DURABLE_WRITE);
  });

  it("waits for no disk otherwise", () => {
    assert.deepEqual(traceRecordWrites(scriptOf("writeRecord")), PLAIN_WRITE);
  });

  it("is seen whole by whoever reads it while it is replaced", async () => {
    const texts = ["a", "b"].map((letter) => letter.repeat(100_000));
    const seen = new Set<string>();
    writeRecord(bundle, texts[0] ?? "");
    const watcher = watch(bundle, () => seen.add(readFileSync(join(bundle, "session.json"), "utf8")));
    for (let round = 0; seen.size < texts.length || round < 100; round++) {
      await writeRecordDurably(bundle, texts[round % 2] ?? "");
    }
    watcher.close();
    assert.deepEqual([...seen].sort(), texts);
    assert.deepEqual(readdirSync(bundle), ["session.json"]);
  });

  it("stays as it was, alone, when it cannot be replaced", async () => {
    mkdirSync(join(bundle, "session.json"));
    writeFileSync(join(bundle, "session.json", "x"), "");
    assert.throws(() => writeRecord(bundle, "{}"), { code: "EISDIR" });
    await assert.rejects(writeRecordDurably(bundle, "{}"), { code: "EISDIR" });
    assert.deepEqual(readdirSync(bundle), ["session.json"]);
  });

  it("is written into a bundle that someone has deleted", async () => {
    for (const write of [writeRecord, writeRecordDurably]) {
      rmSync(bundle, { recursive: true });
      await write(bundle, write.name);
      assert.equal(readFileSync(join(bundle, "session.json"), "utf8"), write.name);
    }
  });

  function scriptOf(name: "writeRecord" | "writeRecordDurably"): string {
    return `await (await import(${JSON.stringify(MODULE)})).${name}(${JSON.stringify(bundle)}, "{}");`;
  }
});
