import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostFile, readHostFile, removeHostFile, writeHostFile } from "../../src/api/host-file.ts";

const HOST: HostFile = {
  pid: 12,
  startTime: 34,
  bootId: "b",
  pidNamespace: "pid:[1]",
  socket: "/s/host.sock",
  version: "1.2.3",
  unit: "nodered.service",
  orphans: "stop",
};

describe("a host's file in its state directory", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hf-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("is read as it was written, by its owner only", () => {
    writeHostFile(folder, { ...HOST, pid: 11 });
    writeHostFile(folder, HOST);
    assert.deepEqual(readHostFile(folder), HOST);
    assert.deepEqual(readdirSync(folder), ["host.json"]);
    assert.equal(statSync(join(folder, "host.json")).mode & 0o777, 0o600);
  });

  it("names a socket beside it also to those who have the directory elsewhere", () => {
    writeHostFile(folder, { ...HOST, socket: join(folder, "host.sock") });
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    renameSync(join(folder, "host.json"), join(elsewhere, "host.json"));
    assert.equal(readHostFile(elsewhere)?.socket, join(elsewhere, "host.sock"));
  });

  it("tells nothing where it is missing, torn or something else", () => {
    assert.equal(readHostFile(folder), null);
    for (const text of ["", "{", "null", JSON.stringify({ ...HOST, pid: "12" })]) {
      writeFileSync(join(folder, "host.json"), text);
      assert.equal(readHostFile(folder), null, text);
    }
  });

  it("can be removed again, also if it is not there", () => {
    writeHostFile(folder, HOST);
    removeHostFile(folder);
    removeHostFile(folder);
    assert.deepEqual(readdirSync(folder), []);
  });
});
