import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

/** What the runner says of one test file. */
interface Counts {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

// Through a variable, because the scripts are plain JavaScript and have no types.
const scriptUrl = new URL("../../scripts/run-test-file.mjs", import.meta.url).href;
const { runTestFile } = (await import(scriptUrl)) as {
  runTestFile(file: string, stdio: "ignore"): Promise<Counts>;
};

describe("a test file of its own process", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "file-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function run(text: string): Promise<Counts> {
    const file = join(folder, "inner.test.mjs");
    writeFileSync(file, text);
    return await runTestFile(file, "ignore");
  }

  /** Ended: also as a zombie, which has no command line any more. */
  async function waitForEnd(pid: string): Promise<void> {
    while (existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "")
      await nextTurn();
  }

  it("is told with its true counts and the names of what failed and was skipped", async () => {
    const counts = await run(`
      describe("inner", () => {
        it("passes", () => {});
        it("passes too", () => {});
        it("fails", () => { throw new Error("on purpose"); });
        it.skip("waits for a tool", () => {});
      });`);
    assert.deepEqual(counts, { passed: 2, failed: ["inner fails"], skipped: ["inner waits for a tool"] });
  });

  it("that cannot be loaded counts as failed", async () => {
    assert.deepEqual((await run("this is no program")).failed, ["crashed with exit code 1"]);
  });

  it("whose process dies counts as failed", async () => {
    const counts = await run(`it("x", () => { process.kill(process.pid, "SIGKILL"); });`);
    assert.match(counts.failed.join("\n"), /crashed with SIGKILL/);
  });

  it("that runs no test counts as failed", async () => {
    assert.deepEqual((await run("")).failed, ["ran no test"]);
  });

  it("with an exclusive test counts as failed", async () => {
    assert.equal((await run(`it.only("x", () => {});`)).failed.length, 1);
  });

  it("whose process dies takes what it left behind with it", async () => {
    const note = join(folder, "pid");
    const counts = await run(`
      import { spawn } from "node:child_process";
      import { writeFileSync } from "node:fs";
      it("x", () => {
        const child = spawn("sleep", ["4321"], { detached: true, stdio: "ignore" });
        writeFileSync(${JSON.stringify(note)}, String(child.pid));
        process.kill(process.pid, "SIGKILL");
      });`);
    assert.match(counts.failed.join("\n"), /left .* behind/);
    await waitForEnd(readFileSync(note, "utf8"));
  });
});
