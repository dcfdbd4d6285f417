import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, renameSync, watch, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readPidFile, waitForPidFile } from "../../src/process/pid-file.ts";
import { readProcessStat } from "../../src/process/process-stat.ts";

const LONG_MS = 10_000;

describe("waiting for a pid file", () => {
  let folder: string;
  let path: string;
  let child: ChildProcess;
  let pid: string;
  let startTime: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pid-file-"));
    path = join(folder, "pid");
    child = spawn("sleep", ["1000"]);
    pid = String(child.pid);
    startTime = readProcessStat(Number(pid))?.startTime ?? 0;
  });

  afterEach(async () => {
    const exited = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await exited;
    }
    await rm(folder, { recursive: true });
  });

  function wait(ended: Promise<unknown> = new Promise(() => {}), timeoutMs = LONG_MS) {
    return waitForPidFile({ path, writer: { startTime, ended }, timeoutMs });
  }

  it("ends with a file that is there already, that is written, and that is renamed to its place", async () => {
    const written = wait();
    writeFileSync(path, pid);
    assert.equal(await written, Number(pid));
    assert.equal(await wait(), Number(pid));
    await rm(path);
    const renamed = wait();
    writeFileSync(`${path}.new`, `${pid}\n`);
    renameSync(`${path}.new`, path);
    assert.equal(await renamed, Number(pid));
  });

  it("does not end with the first digits of a pid", async () => {
    const found = wait();
    // 1 is a process, but an older one.
    const watcher = watch(folder);
    const seen = once(watcher, "change");
    writeFileSync(path, "1");
    await seen;
    watcher.close();
    assert.equal(await Promise.race([found, nextTurn("still waiting")]), "still waiting");
    writeFileSync(path, "");
    appendFileSync(path, pid);
    assert.equal(await found, Number(pid));
  });

  it("ends with the pid of a process that is gone by then, though its writer stays", async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
    writeFileSync(path, pid);
    assert.equal(await wait(), Number(pid));
  });

  it("ends when the writer does, with what it left", async () => {
    assert.equal(await wait(Promise.resolve()), null);
    writeFileSync(path, pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(await wait(Promise.resolve()), Number(pid));
  });

  it("ends when the time is over", async () => {
    assert.equal(await wait(undefined, 1), undefined);
  });

  it("fails where the file cannot be read, and throws nothing where nobody listens", async () => {
    await mkdir(path);
    await assert.rejects(wait(), { code: "EISDIR" });
    await assert.rejects(wait(Promise.resolve()), { code: "EISDIR" });
  });

  it("reads nothing from a file that holds no pid", () => {
    for (const content of ["", "\n", "0", "-5", "12a", "1 2"]) {
      writeFileSync(path, content);
      assert.equal(readPidFile(path), null, JSON.stringify(content));
    }
    writeFileSync(path, "42\n");
    assert.equal(readPidFile(path), 42);
  });
});
