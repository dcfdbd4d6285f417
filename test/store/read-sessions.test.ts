import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SetAside, StoreContents } from "../../src/session/session-store.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { formatRecord } from "../../src/store/session-record.ts";
import { describeNeeding } from "../support/requirements.ts";
import { sampleSession } from "../support/sample-session.ts";

const GOOD = sampleSession({ id: "a".repeat(64) });
const ID = "b".repeat(64);
const RECORD = formatRecord(sampleSession({ id: ID }));

/** What may lie in `sessions` instead of a session, and what is said of it. */
const strangers: readonly {
  readonly title: string;
  readonly name?: string;
  readonly reason: RegExp;
  plant(path: string): void;
}[] = [
  { title: "a torn record", reason: /is not a whole JSON object/, plant: bundleWith(RECORD.slice(0, -20)) },
  { title: "an empty record", reason: /is empty/, plant: bundleWith("") },
  {
    title: "a record of zeroes",
    reason: /is not a whole JSON/,
    plant: bundleWith("\0".repeat(RECORD.length)),
  },
  { title: "a list", reason: /is not a whole JSON object/, plant: bundleWith("[]") },
  {
    title: "a foreign object",
    reason: /names another session/,
    plant: bundleWith('{"schema":1,"name":"x"}'),
  },
  {
    title: "the record of another session",
    reason: /names another session/,
    plant: bundleWith(formatRecord(GOOD)),
  },
  { title: "a folder without a record", reason: /has no session.json/, plant: bundleWith("x", "output.log") },
  { title: "a record of an impossible size", reason: /has a record of \d+ bytes/, plant: plantHugeRecord },
  {
    title: "a folder for a record",
    reason: /no regular file/,
    plant: (path) => plantFolder(join(path, "session.json")),
  },
  { title: "a pipe for a record", reason: /no regular file/, plant: plantPipe },
  { title: "a link for a record", reason: /symbolic link for its session.json/, plant: plantRecordLink },
  { title: "a link for a folder", reason: /is a symbolic link/, plant: plantFolderLink },
  {
    title: "a link to nowhere",
    reason: /is a symbolic link/,
    plant: (path) => symlinkSync("/nowhere", path),
  },
  { title: "a file for a folder", reason: /is no folder/, plant: (path) => writeFileSync(path, RECORD) },
  {
    title: "a record outside of its folder",
    name: `${ID}.json`,
    reason: /outside of its session's folder/,
    plant: (path) => writeFileSync(path, RECORD),
  },
  {
    title: "a foreign file",
    name: "notes.json",
    reason: /is empty/,
    plant: (path) => writeFileSync(path, ""),
  },
  {
    title: "a name as long as names can be",
    name: "ä".repeat(127),
    reason: /has no session.json/,
    plant: bundleWith("x", "y"),
  },
];

describe("reading a state directory", () => {
  let directory: string;
  let sessions: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "read-"));
    sessions = join(directory, "sessions");
    const store = new FileSessionStore(directory);
    await store.open();
    await store.create(GOOD);
    await store.close();
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  for (const { title, name = ID, reason, plant } of strangers) {
    it(`sets aside ${title}, says so once, and takes no other session with it`, async () => {
      plant(join(sessions, name));
      const { setAside, ...found } = await open();
      assert.deepEqual(found, { sessions: [GOOD], legacy: [] });
      assert.equal(setAside.length, 1);
      assert.match(setAside[0]?.reason ?? "", reason);
      assert.deepEqual(setAside[0]?.path, join(directory, "set-aside", `${name.slice(0, 80)}-1`));
      assert.deepEqual(readdirSync(sessions), [GOOD.id]);
      assert.deepEqual(await open(), { sessions: [GOOD], legacy: [], setAside: [] });
    });
  }

  it("says of a name that is no text that it could not be moved", async () => {
    mkdirSync(Buffer.from(`${sessions}/\xff\xfe`, "latin1"));
    for (let time = 0; time < 2; time++) {
      const { setAside, ...found } = await open();
      assert.deepEqual(found, { sessions: [GOOD], legacy: [] });
      assert.equal(setAside.length, 1);
      assert.match(setAside[0]?.reason ?? "", /could not be moved/);
    }
  });

  it("keeps all that it ever set aside of one name", async () => {
    for (const text of ["first", "second", "third"]) {
      bundleWith(text)(join(sessions, ID));
      await open();
    }
    const texts = readdirSync(join(directory, "set-aside")).map((name) =>
      readFileSync(join(directory, "set-aside", name, "session.json"), "utf8"),
    );
    assert.deepEqual(texts.sort(), ["first", "second", "third"]);
  });

  it("follows no link on the way", async () => {
    const outside = mkdtempSync(join(tmpdir(), "outside-"));
    writeFileSync(join(outside, "session.json"), RECORD);
    symlinkSync(outside, join(sessions, ID));
    symlinkSync(outside, join(sessions, ".removed-x"));
    await open();
    assert.equal(readFileSync(join(outside, "session.json"), "utf8"), RECORD);
    rmSync(outside, { recursive: true });
  });

  it("leaves a record of a later version as it is, whatever is in it, and says so every time", async () => {
    const text = JSON.stringify({ schema: 2, sessionId: ID, parts: [] });
    bundleWith(text)(join(sessions, ID));
    for (let time = 0; time < 2; time++) {
      const { setAside } = await open();
      assert.deepEqual(setAside, [
        {
          path: join(sessions, ID),
          reason: `${ID} has schema 2, but this version reads up to 1; it was left as it is for a later version.`,
        },
      ]);
      assert.equal(readFileSync(join(sessions, ID, "session.json"), "utf8"), text);
    }
    const store = new FileSessionStore(directory);
    await store.open();
    await assert.rejects(store.create(sampleSession({ id: ID })), { code: "EXEC_STORE_FAILED" });
    await store.remove(ID);
    await store.close();
    assert.equal(readFileSync(join(sessions, ID, "session.json"), "utf8"), text);
  });

  it("deletes what creates, saves and removes left when their process died", async () => {
    plantFolder(join(sessions, ID));
    bundleWith("{", "session.json.tmp")(join(sessions, "c".repeat(64)));
    bundleWith("{", "session.json.tmp")(join(sessions, GOOD.id));
    bundleWith(RECORD)(join(sessions, ".removed-0123"));
    plantFolder(join(directory, "owner.0123"));
    assert.deepEqual(await open(), { sessions: [GOOD], legacy: [], setAside: [] });
    assert.deepEqual(readdirSync(sessions), [GOOD.id]);
    assert.deepEqual(readdirSync(join(sessions, GOOD.id)), ["session.json"]);
    assert.deepEqual(readdirSync(directory).sort(), ["owner", "sessions"]);
  });

  it("reads records of the old form, in a folder or not, and removes them", async () => {
    const [folder, file, both] = ["build 7", "nightly", "twice"];
    plantLegacy(join(sessions, folder, "session.json"), { id: folder, command: ["sh", "-c", "x"], pid: 7 });
    plantLegacy(join(sessions, `${file}.json`), { id: file, command: "pg_dump db", pid: 8 });
    plantLegacy(join(sessions, `${both}.json`), { id: both, command: [], pid: 9 });
    plantLegacy(join(sessions, both, "session.json"), { id: both, command: [], pid: 9 });
    const store = new FileSessionStore(directory);
    const { legacy, setAside } = await store.open();
    assert.deepEqual(setAside, []);
    assert.deepEqual(
      [...legacy].sort((a, b) => a.pid - b.pid),
      [
        { id: folder, command: ["sh", "-c", "x"], pid: 7, recordedAtMs: RECORDED_AT.getTime() },
        { id: file, command: ["pg_dump db"], pid: 8, recordedAtMs: RECORDED_AT.getTime() },
        { id: both, command: [], pid: 9, recordedAtMs: RECORDED_AT.getTime() },
      ],
    );
    for (const id of [folder, file, both]) await store.remove(id);
    await store.close();
    assert.deepEqual(readdirSync(sessions), [GOOD.id]);
  });

  it("sets aside what only looks like a record of the old form", async () => {
    const impostors = [
      { id: "x", command: ["y"] },
      { id: "x", command: ["y"], pid: 0 },
      { id: "y", command: [], pid: 1 },
    ];
    for (const impostor of impostors) {
      plantLegacy(join(sessions, "x.json"), impostor);
      const { legacy, setAside } = await open();
      assert.deepEqual([legacy.length, setAside.length], [0, 1]);
    }
  });

  it("keeps to itself what it makes", async () => {
    const store = new FileSessionStore(join(directory, "new", "state"));
    await store.open();
    await store.create(GOOD);
    const modes = ["", "sessions", `sessions/${GOOD.id}`, `sessions/${GOOD.id}/session.json`].map(
      (path) => statSync(join(directory, "new", "state", path)).mode & 0o777,
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o700, 0o600]);
    await store.close();
  });

  it("says why a path can be no state directory", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "below"), "/proc/none", join(directory, "n\0ul")]) {
      await assert.rejects(new FileSessionStore(path).open(), {
        code: "EXEC_STATE_DIR_UNUSABLE",
        message: /^The state directory .* cannot be created, read or written: .*\.$/,
      });
    }
  });

  it("can be opened once what was in its way is gone", async () => {
    const blocked = new FileSessionStore(join(directory, "blocked"));
    mkdirSync(join(directory, "blocked"));
    writeFileSync(join(directory, "blocked", "sessions"), "");
    await assert.rejects(blocked.open(), {
      code: "EXEC_STATE_DIR_UNUSABLE",
      message: /file already exists \(EEXIST\)/,
    });
    rmSync(join(directory, "blocked", "sessions"));
    await blocked.open();
    await blocked.close();
  });

  it("sets nothing aside because it has run out of file descriptors", async () => {
    const exhausted = `
      const { openSync, closeSync } = await import("node:fs");
      const fds = [];
      try {
        for (;;) fds.push(openSync("/dev/null"));
      } catch {}
      closeSync(fds.pop());
      closeSync(fds.pop());`;
    for (let index = 0; index < 50; index++) {
      const id = index.toString(16).padStart(64, "0");
      bundleWith(formatRecord(sampleSession({ id })))(join(sessions, id));
    }
    const found = openElsewhere(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"], exhausted);
    assert.deepEqual(found, { error: "EXEC_STATE_DIR_UNUSABLE EMFILE" });
    const { sessions: all, setAside } = await open();
    assert.deepEqual([all.length, setAside], [51, []]);
  });

  describeNeeding(["root", "setpriv"], "without the right to read everything", () => {
    it("says of what it may neither read nor move where it is and why", async () => {
      mkdirSync(join(sessions, ID), { mode: 0 });
      const capabilities = "-dac_override,-dac_read_search";
      const wrapper = ["setpriv", `--bounding-set=${capabilities}`, `--inh-caps=${capabilities}`];
      const found = openElsewhere(wrapper);
      assert.deepEqual(found.sessions, [GOOD.id]);
      assert.equal(found.setAside?.length, 1);
      assert.equal(found.setAside?.[0]?.path, join(sessions, ID));
      const reason = /cannot be read: permission denied \(EACCES\)\. It could not be moved/;
      assert.match(found.setAside?.[0]?.reason ?? "", reason);
    });
  });

  /** What a process with fewer rights or means than this one finds. */
  function openElsewhere(wrapper: readonly string[], preparation = ""): FoundElsewhere {
    const module = new URL("../../src/store/file-store.ts", import.meta.url).href;
    const script = `
      const { FileSessionStore } = await import(${JSON.stringify(module)});
      const store = new FileSessionStore(${JSON.stringify(directory)});
      ${preparation}
      try {
        const { sessions, setAside } = await store.open();
        await store.close();
        process.stdout.write(JSON.stringify({ sessions: sessions.map(({ id }) => id), setAside }));
      } catch (error) {
        process.stdout.write(JSON.stringify({ error: error.code + " " + error.details.errno }));
      }`;
    const [program = "", ...args] = [...wrapper, process.execPath, "--input-type=module", "--eval", script];
    return JSON.parse(execFileSync(program, args, { encoding: "utf8" }));
  }

  async function open(): Promise<StoreContents> {
    const store = new FileSessionStore(directory);
    const contents = await store.open();
    await store.close();
    return contents;
  }
});

interface FoundElsewhere {
  readonly sessions?: readonly string[];
  readonly setAside?: readonly SetAside[];
  readonly error?: string;
}

const RECORDED_AT = new Date("2024-05-06T07:08:09Z");

function bundleWith(text: string, name = "session.json"): (path: string) => void {
  return (path) => {
    plantFolder(path);
    writeFileSync(join(path, name), text);
  };
}

function plantFolder(path: string): void {
  mkdirSync(path, { recursive: true });
}

function plantLegacy(path: string, record: unknown): void {
  plantFolder(join(path, ".."));
  writeFileSync(path, JSON.stringify(record));
  utimesSync(path, RECORDED_AT, RECORDED_AT);
}

function plantHugeRecord(path: string): void {
  bundleWith(RECORD)(path);
  truncateSync(join(path, "session.json"), 20 * 1024 * 1024);
}

function plantPipe(path: string): void {
  plantFolder(path);
  execFileSync("mkfifo", [join(path, "session.json")]);
}

/** To the record of another session, which must not be read for this one. */
function plantRecordLink(path: string): void {
  plantFolder(path);
  symlinkSync(join(path, "..", GOOD.id, "session.json"), join(path, "session.json"));
}

function plantFolderLink(path: string): void {
  symlinkSync(join(path, "..", GOOD.id), path);
}
