import assert from "node:assert/strict";
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PipeEnds, PipeSource } from "../../src/process/pipe-source.ts";

/** More than one shell makes. */
const MANY = 40;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

describe("a pipe source", () => {
  describe("with the machine's shell", () => givesPipes("/bin/sh"));

  describe("with a shell whose here-documents are files, such as bash before 5.1", () => {
    const folder = mkdtempSync(join(tmpdir(), "shell-"));
    const shell = join(folder, "sh");
    writeFileSync(shell, '#!/bin/sh\nBASH_COMPAT=5.0 exec /bin/bash "$@"\n', { mode: 0o755 });
    givesPipes(shell);
    after(() => rmSync(folder, { recursive: true }));
  });

  it("says what is wrong with a shell that is none", async () => {
    for (const shell of ["/nowhere/sh", "/bin/true"]) {
      await assert.rejects(new PipeSource(shell).take("read"), {
        code: "EXEC_RUNTIME_FAILED",
        message: /^No pipes could be made for the command: /,
      });
    }
  });
});

function givesPipes(shell: string): void {
  const source = new PipeSource(shell);
  const taken: PipeEnds[] = [];

  async function take(ours: "read" | "write"): Promise<PipeEnds> {
    const pipe = await source.take(ours);
    taken.push(pipe);
    return pipe;
  }

  afterEach(() => {
    for (const { readFd, writeFd } of taken.splice(0)) [readFd, writeFd].forEach(closeSync);
  });

  after(() => source.close());

  it("gives pipes of the kernel, which a command can open by path, and no sockets", async () => {
    const { readFd, writeFd } = await take("read");
    assert.ok(fstatSync(readFd).isFIFO());
    assert.match(readlinkSync(`/proc/self/fd/${writeFd}`), /^pipe:/);
  });

  it("gives each pipe once, also when many are taken at once", async () => {
    const pipes = await Promise.all(Array.from({ length: MANY }, () => take("read")));
    const inodes = pipes.map(({ readFd }) => fstatSync(readFd).ino);
    assert.equal(new Set(inodes).size, MANY);
    for (const { readFd, writeFd } of pipes) assert.equal(fstatSync(readFd).ino, fstatSync(writeFd).ino);
  });

  it("leaves the end blocking that a command gets, and none to be inherited by accident", async () => {
    for (const ours of ["read", "write"] as const) {
      const { readFd, writeFd } = await take(ours);
      const isNonBlocking = (fd: number) => (flagsOf(fd) & O_NONBLOCK) !== 0;
      assert.deepEqual([isNonBlocking(readFd), isNonBlocking(writeFd)], [ours === "read", ours === "write"]);
      for (const fd of [readFd, writeFd]) assert.notEqual(flagsOf(fd) & O_CLOEXEC, 0);
    }
  });

  it("gives pipes that end when their writer does, because nobody else holds them", async () => {
    const { readFd, writeFd } = await source.take("read");
    writeSync(writeFd, "last");
    closeSync(writeFd);
    const buffer = Buffer.alloc(10);
    assert.equal(readSync(readFd, buffer), 4);
    assert.equal(readSync(readFd, buffer), 0);
    closeSync(readFd);
  });
}

function flagsOf(fd: number): number {
  const [, flags = ""] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")) ?? [];
  return Number.parseInt(flags, 8);
}
