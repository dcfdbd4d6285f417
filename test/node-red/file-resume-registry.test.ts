import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileResumeRegistry } from "../../src/node-red/file-resume-registry.ts";
import { createStreamCursor } from "../../src/node-red/output-pieces.ts";
import type { ResumeEntry } from "../../src/node-red/resume-registry.ts";
import { waitUntil } from "../support/wait-until.ts";

const MIB = 1024 * 1024;
const SESSION = "0123456789abcdef".repeat(4);

describe("file-resume-registry", () => {
  let folder: string;
  let reports: string[];

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "resume-")), "registry");
    reports = [];
  });

  afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

  /** As another process sees what the first one has left. */
  const open = () => new FileResumeRegistry(folder, (sentence) => reports.push(sentence));

  const entryOf = (fields: Partial<ResumeEntry> = {}): ResumeEntry => ({
    nodeId: "node",
    sessionId: SESSION,
    service: { stateDir: "/state", host: "process", orphans: "keep" },
    onDelete: "keep",
    message: { _msgid: "1", payload: Buffer.from([0, 255]), at: new Date(0) },
    position: 0,
    streams: { stdout: createStreamCursor(), stderr: createStreamCursor() },
    ...fields,
  });
  const readBack = () => open().entriesOf("node");

  it("another process finds an entry as it was added, its message with Buffers and dates, for this user alone", () => {
    const entry = entryOf();
    open().add(entry);
    assert.deepEqual(readBack(), [entry]);
    assert.deepEqual(open().nodeIds(), ["node"]);
    for (const name of [SESSION, `${SESSION}.message`]) {
      assert.equal(statSync(join(folder, "n-node", name)).mode & 0o777, 0o600);
    }
    assert.equal(statSync(join(folder, "n-node")).mode & 0o777, 0o700);
  });

  it("finds what was pending when a life of the node ended, and goes on at the very byte", () => {
    const registry = open();
    const entry = entryOf();
    registry.add(entry);
    entry.position = 10;
    entry.streams.stdout.pending.push({ offset: 8, data: Buffer.from("tw") });
    entry.streams.stdout.pendingBytes = 2;
    entry.streams.stdout.sent = 4;
    registry.settle(entry);
    assert.deepEqual(readBack(), [entry]);
  });

  it("after a crash finds where each stream goes on, without what was pending", async () => {
    const registry = open();
    const entry = entryOf();
    registry.add(entry);
    entry.position = 30;
    entry.streams.stdout.pending.push({ offset: 12, data: Buffer.from("half") });
    entry.streams.stdout.pendingBytes = 4;
    entry.streams.stderr.sent = 3;
    registry.save(entry, MIB);
    assert.equal(registry.neededFrom(entry), 0);
    await waitUntil("it is written down", () => readBack()[0]?.position === 12);
    assert.equal(registry.neededFrom(entry), 12);
    const [found] = readBack();
    assert.deepEqual(found?.streams, {
      stdout: { ...createStreamCursor(), from: 12 },
      stderr: { ...createStreamCursor(), from: 30, sent: 3 },
    });
    registry.remove(entry);
  });

  for (const [max, bytes] of [
    [Number.POSITIVE_INFINITY, 4 * MIB],
    [MIB, MIB],
  ] as const) {
    it(`writes a position down at once when ${bytes / MIB} MiB have been delivered since, of ${max} allowed`, () => {
      const registry = open();
      const entry = entryOf();
      registry.add(entry);
      entry.position = bytes - 1;
      registry.save(entry, max);
      assert.deepEqual([readBack()[0]?.position, registry.neededFrom(entry)], [0, 0]);
      entry.position = bytes;
      registry.save(entry, max);
      assert.deepEqual([readBack()[0]?.position, registry.neededFrom(entry)], [bytes, bytes]);
      registry.remove(entry);
    });
  }

  for (const [what, pendingBytes, isWritten] of [
    ["a line", 100, true],
    ["what would make the file large", 3 * MIB, false],
  ] as const) {
    it(`writes ${isWritten ? "" : "no "}pending bytes down that were read long ago: ${what}`, () => {
      const registry = open();
      const entry = entryOf();
      registry.add(entry);
      entry.streams.stderr.pending.push({ offset: 7, data: Buffer.alloc(pendingBytes) });
      entry.streams.stderr.pendingBytes = pendingBytes;
      entry.position = 4 * MIB;
      registry.save(entry, MIB);
      const [found] = readBack();
      assert.deepEqual(
        [found?.position, found?.streams.stderr.pendingBytes, registry.neededFrom(entry)],
        isWritten ? [4 * MIB, pendingBytes, 4 * MIB] : [7, 0, 7],
      );
      registry.remove(entry);
    });
  }

  it("writes a message once, however often a position, unless somebody has deleted it", () => {
    const message = join(folder, "n-node", `${SESSION}.message`);
    const registry = open();
    const entry = entryOf();
    registry.add(entry);
    const { ino } = statSync(message);
    entry.position = 1;
    registry.settle(entry);
    assert.equal(statSync(message).ino, ino);
    rmSync(message);
    registry.settle(entry);
    assert.deepEqual(readBack()[0]?.message, entry.message);
    registry.remove(entry);
  });

  it("deletes a message whose position a crash kept from being written", () => {
    const registry = open();
    registry.add(entryOf());
    rmSync(join(folder, "n-node", SESSION));
    assert.deepEqual(readBack(), []);
    assert.deepEqual(readdirSync(join(folder, "n-node")), []);
  });

  it("keeps no connection and no function of a message, and says so", () => {
    open().add(entryOf({ message: { topic: "a", req: { x: 1 }, res: {}, callback: () => {} } as never }));
    assert.deepEqual(readBack()[0]?.message, { topic: "a" });
    assert.deepEqual(reports, [
      `Session ${SESSION.slice(0, 12)} goes on without msg.req, msg.res, msg.callback, which no restart can keep.`,
    ]);
  });

  it("leaves nothing behind of what has been removed", () => {
    const registry = open();
    const entry = entryOf({ nodeId: "../up/and away" });
    registry.add(entry);
    assert.deepEqual(registry.entriesOf(entry.nodeId), [entry]);
    assert.deepEqual(open().nodeIds(), [entry.nodeId]);
    registry.remove(entry);
    assert.deepEqual(open().nodeIds(), []);
    assert.deepEqual(readdirSync(join(folder, "..")), []);
  });

  it("sets aside and reports what cannot be read, and nothing else goes with it", () => {
    const entry = entryOf();
    open().add(entry);
    const whole = readFileSync(join(folder, "n-node", SESSION));
    for (const [name, content] of Object.entries({ torn: whole.subarray(0, 40), empty: "", foreign: "{}" })) {
      writeFileSync(join(folder, "n-node", name), content);
    }
    assert.deepEqual(readBack(), [entry]);
    assert.equal(reports.length, 3);
    for (const sentence of reports) assert.match(sentence, /does not tell which session to go on with/);
    assert.equal(readBack().length, 1);
    assert.equal(reports.length, 3);
  });

  it("reads on where it can neither delete nor set aside, as on a disk that cannot be written", () => {
    const entry = entryOf();
    open().add(entry);
    const torn = join(folder, "n-node", "0");
    writeFileSync(torn, "torn");
    // Folders in the way, since this process may be root.
    mkdirSync(join(folder, "n-node", "0.tmp"));
    mkdirSync(join(`${torn}.unreadable`, "full"), { recursive: true });
    mkdirSync(join(folder, "n-%"));
    assert.deepEqual(readBack(), [entry]);
    assert.match(reports.join(), /0 does not tell which session to go on with/);
    assert.deepEqual(open().nodeIds(), ["node"]);
  });

  it("reports that it cannot write, and still knows what this process has to", () => {
    mkdirSync(join(folder, ".."), { recursive: true });
    writeFileSync(folder, "a file where the folder belongs");
    const registry = open();
    const entry = entryOf();
    registry.add(entry);
    assert.equal(reports.length, 1);
    assert.match(String(reports[0]), /could not be written down/);
    assert.deepEqual(registry.entriesOf("node"), [entry]);
    for (const _ of [1, 2]) {
      entry.position += 4 * MIB;
      registry.save(entry, 4 * MIB);
    }
    assert.equal(reports.length, 1);
    registry.remove(entry);
    assert.deepEqual(registry.entriesOf("node"), []);
    assert.match(String(reports[1]), /may be told again after a restart/);
  });
});
