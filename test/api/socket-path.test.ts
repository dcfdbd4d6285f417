import assert from "node:assert/strict";
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { hostSocketPath, MAX_SOCKET_PATH_BYTES } from "../../src/api/socket-path.ts";
import { describeNeeding } from "../support/requirements.ts";

const UNUSABLE = { code: "EXEC_SOCKET_UNUSABLE" };
const LONG = `/srv/${"d".repeat(MAX_SOCKET_PATH_BYTES)}`;
const NOBODY = 65534;

describe("the path of a session host's socket", () => {
  let folder: string;
  const { TMPDIR, XDG_RUNTIME_DIR } = process.env;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "p-"));
    process.env.TMPDIR = folder;
    delete process.env.XDG_RUNTIME_DIR;
  });

  afterEach(() => {
    Object.assign(process.env, { TMPDIR });
    if (XDG_RUNTIME_DIR !== undefined) process.env.XDG_RUNTIME_DIR = XDG_RUNTIME_DIR;
    else delete process.env.XDG_RUNTIME_DIR;
    rmSync(folder, { recursive: true });
  });

  it("is in the state directory as long as a socket's address can hold it", () => {
    const longest = `/${"d".repeat(MAX_SOCKET_PATH_BYTES - "//host.sock".length)}`;
    assert.equal(hostSocketPath(longest), `${longest}/host.sock`);
    assert.notEqual(dirname(hostSocketPath(`${longest}d`)), `${longest}d`);
  });

  it("counts bytes, not characters", () => {
    const path = `/${"ä".repeat(60)}`;
    assert.notEqual(dirname(hostSocketPath(path)), path);
  });

  it("is one for each directory, in a folder of this user's below the runtime directory", () => {
    process.env.XDG_RUNTIME_DIR = join(folder, "run");
    const path = hostSocketPath(LONG);
    assert.equal(dirname(path), join(folder, "run", "exec-sessions"));
    assert.match(basename(path), /^[0-9a-f]{32}\.sock$/);
    assert.equal(lstatSync(dirname(path)).mode & 0o777, 0o700);
    assert.equal(hostSocketPath(LONG), path);
    assert.notEqual(hostSocketPath(`${LONG}2`), path);
  });

  it("is below the temporary folder where there is no runtime directory", () => {
    assert.equal(dirname(hostSocketPath(LONG)), join(folder, `exec-sessions-${process.getuid?.()}`));
    process.env.XDG_RUNTIME_DIR = "not/absolute";
    assert.equal(dirname(hostSocketPath(LONG)), join(folder, `exec-sessions-${process.getuid?.()}`));
  });

  it("is refused in a folder that others may enter, or in whose place there is something else", () => {
    const place = join(folder, `exec-sessions-${process.getuid?.()}`);
    mkdirSync(place);
    chmodSync(place, 0o710);
    assert.throws(() => hostSocketPath(LONG), { ...UNUSABLE, message: /other users may enter it/ });
    rmSync(place, { recursive: true });
    symlinkSync(folder, place);
    assert.throws(() => hostSocketPath(LONG), { ...UNUSABLE, message: /it is no directory/ });
  });

  it("is refused if no place is short enough", () => {
    process.env.XDG_RUNTIME_DIR = join(folder, "r".repeat(MAX_SOCKET_PATH_BYTES));
    assert.throws(() => hostSocketPath(LONG), { ...UNUSABLE, message: /107 bytes/ });
  });
});

describeNeeding(["root"], "the path of a session host's socket, as root", () => {
  it("is refused in a folder of another user's", () => {
    const folder = mkdtempSync(join(tmpdir(), "p-"));
    try {
      process.env.XDG_RUNTIME_DIR = folder;
      mkdirSync(join(folder, "exec-sessions"), { mode: 0o700 });
      chownSync(join(folder, "exec-sessions"), NOBODY, NOBODY);
      assert.throws(() => hostSocketPath(LONG), { ...UNUSABLE, message: /belongs to user 65534/ });
    } finally {
      delete process.env.XDG_RUNTIME_DIR;
      rmSync(folder, { recursive: true });
    }
  });
});
