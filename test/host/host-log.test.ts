import assert from "node:assert/strict";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostLog } from "../../src/host/host-log.ts";

const LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z \d+ /;

describe("the host's log", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "log-"));
    path = join(folder, "host.log");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives every line to whoever watches, also one that cannot be written", () => {
    const lines: string[] = [];
    const log = new HostLog(folder, { echo: (line) => lines.push(line) });
    log.write("first");
    rmSync(folder, { recursive: true });
    log.write("second");
    assert.deepEqual(
      lines.map((line) => line.replace(LINE, "")),
      ["first\n", "second\n"],
    );
  });

  it("has a line for each sentence, with the time and the pid, for its owner only", () => {
    const log = new HostLog(folder);
    log.write("One.");
    log.write("Two,\n  in two lines.");
    const lines = readFileSync(path, "utf8").split("\n");
    assert.deepEqual(
      lines.map((line) => line.replace(LINE, `${process.pid}: `)),
      [`${process.pid}: One.`, `${process.pid}: Two, | in two lines.`, ""],
    );
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it("tells a fault with its place in the code", () => {
    new HostLog(folder).writeFault(new TypeError("a defect"));
    assert.match(readFileSync(path, "utf8"), /Fault: TypeError: a defect \| at .*host-log\.test\.ts/);
    new HostLog(folder).writeFault("thrown text");
    assert.match(readFileSync(path, "utf8"), /Fault: thrown text\n/);
  });

  it("never grows beyond its limit and a line, and keeps what was there before once", () => {
    const log = new HostLog(folder, { maxBytes: 1000 });
    for (let number = 0; number < 200; number++) log.write(`Sentence ${number}.`);
    const [now, before] = [readFileSync(path, "utf8"), readFileSync(`${path}.1`, "utf8")];
    assert.ok(now.length < 1100 && before.length < 1100, `${now.length}, ${before.length}`);
    const numbers = Array.from((before + now).matchAll(/Sentence (\d+)\./g), ([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => 200 - numbers.length + index),
    );
    assert.equal(statSync(`${path}.1`).mode & 0o777, 0o600);
  });

  it("goes on in the same file, so that standard error stays with it", () => {
    const stderr = openSync(path, "a", 0o600);
    const log = new HostLog(folder, { maxBytes: 100 });
    for (let number = 0; number < 10; number++) log.write(`Sentence ${number}.`);
    writeSync(stderr, "last words\n");
    closeSync(stderr);
    assert.match(readFileSync(path, "utf8"), /last words\n$/);
  });

  it("loses lines while it cannot be written, and then says how many", () => {
    const log = new HostLog(folder);
    log.write("Before.");
    renameSync(folder, `${folder}.away`);
    log.write("Lost.");
    log.write("Lost, too.");
    renameSync(`${folder}.away`, folder);
    log.write("After.");
    const sentences = readFileSync(path, "utf8").replaceAll(/^\S+ \d+ /gm, "");
    assert.equal(sentences, "Before.\n2 lines could not be written.\nAfter.\n");
  });
});
