import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRecord, writeRecordDurably } from "../../src/store/record-file.ts";

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
    assert.deepEqual(traceWrite("writeRecordDurably"), [
      "write",
      // The record's bytes and, at the same time, the name of its bundle.
      "fdatasync begins",
      "fsync begins",
      "fdatasync and fsync end",
      "rename",
      // The record's name.
      "fsync begins",
      "fsync ends",
    ]);
  });

  it("waits for no disk otherwise", () => {
    assert.deepEqual(traceWrite("writeRecord"), ["write", "rename"]);
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

  /** What one write asks of the system, in order, by Node's own trace of it. */
  function traceWrite(name: "writeRecord" | "writeRecordDurably"): readonly string[] {
    const trace = join(folder, "trace.json");
    const script = `import(${JSON.stringify(MODULE)}).then(async (module) => {
      await module.${name}(${JSON.stringify(bundle)}, "{}");
    });`;
    const categories = "node.fs.sync,node.fs.async";
    const flags = ["--trace-event-categories", categories, "--trace-event-file-pattern", trace];
    execFileSync(process.execPath, [...flags, "--eval", script]);
    const { traceEvents } = JSON.parse(readFileSync(trace, "utf8")) as { traceEvents: readonly TraceEvent[] };
    return joinEnds(traceEvents.flatMap(stepOf));
  }
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
}

/** Calls on the event loop by their name; those of the thread pool by their beginning and end. */
function stepOf({ name, ph }: TraceEvent): readonly string[] {
  if (ph === "B" && /^fs\.sync\.(write|rename|fsync|fdatasync)$/.test(name))
    return [name.slice("fs.sync.".length)];
  if (!/^f(data)?sync$/.test(name)) return [];
  return ph === "b" ? [`${name} begins`] : ph === "e" ? [`${name} ends`] : [];
}

/** Of two that run at the same time, either may end first. */
function joinEnds(steps: readonly string[]): readonly string[] {
  const pairs = /(fdatasync ends,fsync ends|fsync ends,fdatasync ends)/;
  return steps.join(",").replace(pairs, "fdatasync and fsync end").split(",");
}
