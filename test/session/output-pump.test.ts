import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { MemoryOutputLogs } from "../../src/output/memory-output-logs.ts";
import type { OutputLog } from "../../src/session/output-log.ts";
import { OutputPump } from "../../src/session/output-pump.ts";
import type { ExecProcess } from "../../src/session/runtime.ts";
import { ChildExecProcess } from "../support/child-exec-process.ts";
import { describeNeeding } from "../support/requirements.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** One read of a pipe. */
const READ_BYTES = 64 * KIB;

describe("the output pump", () => {
  const commands: ChildExecProcess[] = [];

  afterEach(async () => {
    for (const command of commands.splice(0)) {
      await command.killAll();
      await command.exited;
      command.release();
    }
  });

  function run(script: string): ChildExecProcess {
    const command = new ChildExecProcess(["sh", "-c", script]);
    commands.push(command);
    return command;
  }

  it("carries both streams to their end, each as its own", async () => {
    const command = run("echo out; echo err >&2; echo more");
    const log = createLog();
    assert.equal(await drainAfterExit(command, log), false);
    assert.deepEqual(await readAll(log), { stdout: "out\nmore\n", stderr: "err\n" });
  });

  it("has nothing to wait for, and leaves no timer, without streams, as of an earlier manager's command", async () => {
    const log = createLog();
    // By then the test runner's own timer runs.
    await setImmediate();
    const timers = countTimers();
    assert.equal(await new OutputPump(withStreams(null, null), log).drain(), false);
    assert.equal(countTimers(), timers);
  });

  it("takes a terminal's EIO for its end", async () => {
    const terminal = new PassThrough();
    const log = createLog();
    const pump = new OutputPump(withStreams(terminal, null), log);
    terminal.write("bye");
    await setImmediate();
    terminal.destroy(Object.assign(new Error("read EIO"), { code: "EIO" }));
    assert.equal(await pump.drain(), false);
    assert.equal((await readAll(log)).stdout, "bye");
  });

  it("reads no further than a full log has room, and goes on as its reader does, with nothing lost", async () => {
    const last = 300_000;
    const command = run(`seq 1 ${last}`);
    const log = createLog({ maxBytes: READ_BYTES, policy: "block" });
    log.register("reader", 0);
    const heldOpen = drainAfterExit(command, log).finally(() => log.finish());
    while (!command.stdout.isPaused()) await setImmediate();
    assert.ok(log.totals.stdoutBytes <= 2 * READ_BYTES);
    const hash = createHash("sha256");
    for await (const chunk of log.read()) {
      assert.ok(chunk.kind === "data");
      assert.ok(log.totals.stdoutBytes - chunk.offset <= 2 * READ_BYTES);
      hash.update(chunk.data);
      log.advance("reader", chunk.offset + chunk.data.length);
    }
    assert.equal(await heldOpen, false);
    const lines = Array.from({ length: last }, (_, index) => `${index + 1}\n`);
    assert.equal(hash.digest("hex"), createHash("sha256").update(lines.join("")).digest("hex"));
  });

  it("lets a full log wait no longer once the command has ended: what it left is read", async () => {
    const command = run("head -c 150000 /dev/zero");
    const log = createLog({ maxBytes: READ_BYTES, policy: "block" });
    log.register("reader that never reads", 0);
    const pump = new OutputPump(command, log);
    await command.exited;
    assert.ok(command.stdout.isPaused());
    assert.equal(await pump.drain(), false);
    assert.equal(log.totals.stdoutBytes, 150_000);
  });

  it("waits for a background child that goes on writing for a short while and then ends", async () => {
    const command = run("(for i in 1 2 3 4 5; do sleep 0.1; echo $i; done) & echo 0");
    const log = createLog();
    assert.equal(await drainAfterExit(command, log), false);
    assert.equal((await readAll(log)).stdout, "0\n1\n2\n3\n4\n5\n");
  });

  it("gives up a stream that a silent background child holds open, with all that was written", async () => {
    const command = run("echo one; echo two >&2; sleep 300 & echo three");
    const log = createLog();
    assert.equal(await drainAfterExit(command, log), true);
    assert.deepEqual(await readAll(log), { stdout: "one\nthree\n", stderr: "two\n" });
  });

  it("gives up a background child that goes on writing now and then, with all that the command wrote", async () => {
    const command = run("(while sleep 0.05; do echo drip; done) & head -c 300000 /dev/zero");
    const log = createLog();
    assert.equal(await drainAfterExit(command, log), true);
    assert.ok(command.stdout.isPaused());
    const { stdout } = await readAll(log);
    assert.equal(stdout.replaceAll("drip\n", "").length, 300_000);
    assert.equal(stdout.startsWith("\0") && stdout.endsWith("drip\n"), true);
  });

  it("gives up a background child that writes as fast as it can before that fills the memory", async () => {
    const command = run("yes & sleep 0.1");
    const log = createLog({ maxBytes: MIB });
    const pump = new OutputPump(command, log);
    await command.exited;
    const bytesAtExit = log.totals.stdoutBytes;
    assert.equal(await pump.drain(), true);
    const drained = log.totals.stdoutBytes - bytesAtExit;
    assert.ok(drained >= 4 * MIB && drained <= 4 * MIB + READ_BYTES, `${drained} bytes`);
  });

  it("gives up one that does so in small pieces just as early", async () => {
    const flood = new Readable({
      read() {
        void setImmediate().then(() => this.push(Buffer.alloc(4 * KIB)));
      },
    });
    const log = createLog();
    assert.equal(await new OutputPump(withStreams(flood, null), log).drain(), true);
    assert.ok(log.totals.stdoutBytes <= 5 * MIB, `${log.totals.stdoutBytes} bytes`);
    flood.destroy();
  });

  it("puts nothing into the log once it has given up, whatever comes and whatever room there is", async () => {
    const command = run("yes & sleep 0.1");
    const log = createLog({ maxBytes: READ_BYTES, policy: "block" });
    log.register("reader", 0);
    const pump = new OutputPump(command, log);
    await command.exited;
    assert.equal(await pump.drain(), true);
    const { stdoutBytes } = log.totals;
    log.advance("reader", stdoutBytes);
    await log.room();
    await setImmediate();
    assert.ok(command.stdout.isPaused());
    assert.equal(log.totals.stdoutBytes, stdoutBytes);
  });

  it("reads what was there before it judges by the clock, however late it comes to look", async () => {
    const chunks = 100;
    let left = chunks;
    const faraway = new Readable({
      read() {
        // One piece a turn of the event loop, as a slow decoder gives them.
        void setImmediate().then(() => this.push(left-- > 0 ? "x" : null));
      },
    });
    const log = createLog();
    const drained = new OutputPump(withStreams(faraway, null), log).drain();
    blockEventLoop(2500);
    assert.equal(await drained, false);
    assert.equal(log.totals.stdoutBytes, chunks);
  });
});

describeNeeding(["perl", "mkfifo"], "the output pump over a pipe of the largest size", () => {
  it("reads all of the 1 MiB that a command left in it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "output-pump-"));
    try {
      const pipe = join(folder, "pipe");
      execFileSync("mkfifo", [pipe]);
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(pipe, constants.O_WRONLY);
      const child = spawn("perl", ["-e", FILL_PIPE], { stdio: ["ignore", writer, "inherit"] });
      closeSync(writer);
      const exitCode = await new Promise((resolve) => child.once("exit", resolve));
      assert.equal(exitCode, 0);
      const log = createLog();
      const command = withStreams(new Socket({ fd: reader, readable: true, writable: false }), null);
      assert.equal(await new OutputPump(command, log).drain(), false);
      assert.equal((await readAll(log)).stdout, `${"x".repeat(MIB - 4)}last`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Makes its standard output a pipe of 1 MiB (F_SETPIPE_SZ), fills it and ends: nobody need have read from it. */
const FILL_PIPE = `fcntl(STDOUT, 1031, ${MIB}) or die; print "x" x ${MIB - 4}, "last"`;

function createLog(limits: { maxBytes?: number; policy?: "block" | "dropOldest" } = {}): OutputLog {
  return new MemoryOutputLogs().create({
    bundle: "bundle",
    limits: { maxBytes: 64 * MIB, replayBytes: 64 * MIB, policy: "dropOldest", ...limits },
    observer: {
      onLimit: () => assert.fail("the policy is not stop"),
      onError: (error) => assert.fail(error),
    },
  });
}

async function drainAfterExit(command: ExecProcess, log: OutputLog): Promise<boolean> {
  const pump = new OutputPump(command, log);
  await command.exited;
  return pump.drain();
}

async function readAll(log: OutputLog): Promise<{ stdout: string; stderr: string }> {
  await log.finish();
  const texts = { stdout: "", stderr: "" };
  for await (const chunk of log.read()) {
    assert.ok(chunk.kind === "data");
    texts[chunk.stream] += chunk.data.toString();
  }
  return texts;
}

/** A command that has ended, of which only these streams matter. */
function withStreams(stdout: Readable | null, stderr: Readable | null): ExecProcess {
  return {
    pid: null,
    identity: {},
    stdin: null,
    stdout,
    stderr,
    exited: Promise.resolve({ exitCode: 0, signal: null, startError: null }),
    isAlive: async () => false,
    resize: () => {},
    kill: async () => "gone",
    killAll: async () => {},
    release: () => {},
  };
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
