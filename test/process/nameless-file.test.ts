import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fstatSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NamelessFile } from "../../src/process/nameless-file.ts";

const MEMORY = "/dev/shm";

describe("a nameless file", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nameless-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("is in memory, in no folder, and this user's alone", () => {
    const file = new NamelessFile(folder, "secret");
    const { dev, nlink, mode } = fstatSync(file.fd);
    assert.deepEqual([dev, nlink, mode & 0o777], [statSync(MEMORY).dev, 0, 0o600]);
    assert.deepEqual([readdirSync(folder), namelessIn(MEMORY)], [[], []]);
    file.close();
  });

  it("is in the folder where there is no memory for it, and then has no name there either", () => {
    const file = new NamelessFile(folder, "secret", "/nonesuch");
    const { dev, nlink } = fstatSync(file.fd);
    assert.deepEqual([dev, nlink, readdirSync(folder)], [statSync(folder).dev, 0, []]);
    file.close();
    assert.throws(() => new NamelessFile("/nonesuch", "", "/nonesuch"), { code: "ENOENT" });
  });

  it("is read from its beginning, and written to, by a program that has it as a descriptor", () => {
    const file = new NamelessFile(folder, "what is there\n");
    const script = "cat /proc/self/fd/3; cat /proc/self/fd/3; echo more >>/proc/self/fd/3";
    const output = execFileSync("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit", file.fd] });
    assert.equal(String(output), "what is there\nwhat is there\n");
    assert.equal(String(file.readEnd(100)), "what is there\nmore\n");
    assert.equal(String(file.readEnd(5)), "more\n");
    file.close();
  });

  it("is closed once, so that a later file with its number stays open", () => {
    const file = new NamelessFile(folder);
    file.close();
    const next = new NamelessFile(folder, "next");
    assert.equal(next.fd, file.fd);
    file.close();
    assert.throws(() => file.readEnd(1), /closed/);
    assert.equal(String(next.readEnd(4)), "next");
    next.close();
  });
});

function namelessIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith(".nameless-"));
}
