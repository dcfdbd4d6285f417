import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MOCHA = fileURLToPath(import.meta.resolve("mocha/bin/mocha.js"));
const LEAK_CHECK = fileURLToPath(new URL("./leak-check.ts", import.meta.url));
/** The leak check waits 3 s for what it sees to go, then 5 s for the process to end. */
const TIMEOUT_MS = 30_000;

interface Run {
  readonly status: number | null;
  readonly output: string;
  /** What the run left in its temporary folder. */
  readonly left: readonly string[];
}

describe("the leak check", function () {
  this.timeout(TIMEOUT_MS);

  it("passes suites that let go of everything, however late", () => {
    const { status, output, left } = runSuite(`
      it("ends a process", (done) => { spawn("true").on("close", () => done()); });
      it("has a server and a timer that end after the test", (done) => {
        const server = createServer().listen(0, "127.0.0.1", done);
        setTimeout(() => server.close(), 100);
      });
      it("leaves a file to its after hook", () => { writeFileSync(join(tmpdir(), "late"), ""); });
      after(() => unlinkSync(join(tmpdir(), "late")));`);
    assert.equal(status, 0, output);
    assert.deepEqual(left, []);
  });

  it("names a process, detached and in a session of its own, and ends it", async () => {
    const { status, output } = runSuite(`
      it("x", (done) => {
        const shell = spawn("sh", ["-c", "setsid sleep 1234 & echo $!"], { stdio: ["ignore", "pipe", "inherit"] });
        shell.stdout.once("data", (pid) => { console.log("pid=" + pid); shell.stdout.destroy(); });
        shell.once("close", () => done());
      });`);
    assert.notEqual(status, 0);
    assert.match(output, /"inner" left behind:\n {2}process \d+: sleep 1234/);
    await waitForEnd(Number(/pid=(\d+)/.exec(output)?.[1]));
  });

  it("names a file, removes it, and blames no later suite", () => {
    const { status, output, left } = runSuite(`it("x", () => writeFileSync(join(tmpdir(), "kept"), ""));`);
    assert.notEqual(status, 0);
    assert.match(output, /"inner" left behind:\n {2}file \/.*\/kept/);
    assert.match(output, /\n {2}1 failing/);
    assert.deepEqual(left, []);
  });

  it("names a server, and ends the run that it keeps up", () => {
    const { status, output } = runSuite(
      `it("x", (done) => { createServer().listen(0, "127.0.0.1", done); });`,
    );
    assert.notEqual(status, 0);
    assert.match(output, /left behind:\n {2}open socket:\[\d+\]\n {2}active TCPServerWrap/);
    assert.match(output, /does not end by itself; it holds:.*"type":"tcp"/s);
  });

  it("names a timer", () => {
    const { status, output } = runSuite(`it("x", () => { setTimeout(() => {}, 4_000); });`);
    assert.notEqual(status, 0);
    assert.match(output, /"inner" left behind:\n {2}active Timeout/);
  });
});

/** Ended: also as a zombie, which has no command line any more. */
async function waitForEnd(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "") await nextTurn();
}

function runSuite(body: string): Run {
  const folder = mkdtempSync(join(tmpdir(), "suite-"));
  try {
    const file = join(folder, "inner.test.mjs");
    const runFolder = mkdtempSync(join(folder, "tmp-"));
    writeFileSync(file, suiteWith(body));
    const result = spawnSync(process.execPath, [MOCHA, "--no-config", "--require", LEAK_CHECK, file], {
      env: { ...process.env, TMPDIR: runFolder },
      encoding: "utf8",
    });
    return {
      status: result.status,
      output: result.stdout + result.stderr,
      left: readdirSync(runFolder),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function suiteWith(body: string): string {
  return `
    import { spawn } from "node:child_process";
    import { unlinkSync, writeFileSync } from "node:fs";
    import { createServer } from "node:net";
    import { tmpdir } from "node:os";
    import { join } from "node:path";
    describe("inner", () => { ${body} });
    describe("next", () => { it("leaves nothing", () => {}); });`;
}
