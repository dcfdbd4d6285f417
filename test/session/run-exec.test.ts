import assert from "node:assert/strict";
import { once } from "node:events";
import type { ExecConfigInput } from "../../src/session/exec-config.ts";
import type { OutputChunk } from "../../src/session/output-log.ts";
import { runExec } from "../../src/session/run-exec.ts";
import type { ExecStreams } from "../../src/session/session-service.ts";
import { CANNOT_START, type FakeProcess } from "../support/fake-runtime.ts";
import { TestWorld } from "../support/test-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const KIB = 1024;
const RUNS: ExecConfigInput = { command: ["runs"] };
const READS: ExecConfigInput = { command: ["reads"], attachStdin: true };
const TERMINAL: ExecConfigInput = { command: ["sh"], tty: true };

describe("an all-in-one exec", () => {
  let world: TestWorld;

  beforeEach(async () => {
    world = await TestWorld.open(["c1"]);
  });

  afterEach(async () => {
    const left = await world.manager.list();
    await world.dispose();
    assert.deepEqual(left, [], "no session is left");
  });

  function exec(config: ExecConfigInput, streams: ExecStreams = {}) {
    return runExec(world.manager, world.target("c1"), config, streams);
  }

  async function startedProcess(): Promise<FakeProcess> {
    await waitUntil("the command runs", () => world.machine.processes.length > 0);
    return world.machine.process();
  }

  it("gives every piece of output, one after the other, and then the end", async () => {
    const seen: string[] = [];
    const ending = exec(RUNS, {
      output: async (chunk) => {
        seen.push(`${textOf(chunk)} begins`);
        await new Promise(setImmediate);
        seen.push(`${textOf(chunk)} ends`);
      },
    });
    const process = await startedProcess();
    process.stdout?.write("out");
    await waitUntil("the first piece is delivered", () => seen.length === 2);
    process.stderr?.write("err");
    process.exit(3);
    const end = await ending;
    assert.deepEqual(seen, ["stdout out begins", "stdout out ends", "stderr err begins", "stderr err ends"]);
    assert.deepEqual([end.exitCode, end.reason, end.truncated], [3, "exited", 0]);
  });

  it("needs no streams: the output goes nowhere and the input is empty", async () => {
    const ending = exec(READS);
    const process = await startedProcess();
    process.stdin?.resume();
    await once(process.stdin ?? assert.fail(), "end");
    process.stdout?.write("unread");
    process.exit(0);
    assert.equal((await ending).exitCode, 0);
  });

  it("runs a terminal session without input", async () => {
    const ending = exec(TERMINAL);
    const process = await startedProcess();
    process.exit(0);
    assert.equal((await ending).exitCode, 0);
  });

  for (const policy of ["block", "stop", "dropOldest"] as const) {
    it(`counts what it has delivered as read, so that much output meets no limit under the policy ${policy}`, async () => {
      let bytes = 0;
      const output = { maxBytes: 64 * KIB, replayBytes: 0, policy };
      const count = (chunk: OutputChunk) => {
        bytes += sizeOf(chunk);
      };
      const ending = exec({ ...RUNS, output }, { output: count });
      const process = await startedProcess();
      for (let written = 0; written < 1024; written += 32) {
        process.stdout?.write(Buffer.alloc(32 * KIB));
        await waitUntil("what was written is delivered", () => bytes === (written + 32) * KIB);
      }
      process.exit(0);
      const end = await ending;
      assert.deepEqual([bytes, end.reason, end.truncated], [1024 * KIB, "exited", 0]);
    });
  }

  it("feeds the input in order and then ends it", async () => {
    const ending = exec(READS, { input: pieces("one ", "two ", "three") });
    const process = await startedProcess();
    const read: string[] = [];
    process.stdin?.on("data", (chunk) => read.push(String(chunk)));
    await once(process.stdin ?? assert.fail(), "end");
    process.exit(0);
    await ending;
    assert.equal(read.join(""), "one two three");
  });

  it("does not mind that the command closes its input before it has read all", async () => {
    const input = unlimited("y\n");
    const ending = exec(READS, { input: input.source });
    const process = await startedProcess();
    process.stdin?.destroy();
    await waitUntil("the source is let go", () => input.isReturned());
    process.stdout?.write("enough");
    process.exit(0);
    assert.equal((await ending).exitCode, 0);
  });

  it("does not mind that the command ends before it has read all, while its output is still being read", async () => {
    const input = unlimited("y\n");
    const reading = Promise.withResolvers<void>();
    const ending = exec(READS, { input: input.source, output: () => reading.promise });
    const process = await startedProcess();
    process.stdout?.write("enough");
    process.exit(0);
    await waitUntil("the source is let go", () => input.isReturned());
    reading.resolve();
    assert.equal((await ending).exitCode, 0);
  });

  it("applies the sizes as they come, and none after the end", async () => {
    const end = Promise.withResolvers<void>();
    async function* sizes() {
      yield { columns: 80, rows: 24 };
      yield { columns: 132, rows: 50 };
      await end.promise;
      yield { columns: 1, rows: 1 };
    }
    const ending = exec(TERMINAL, { resizes: sizes() });
    const process = await startedProcess();
    await waitUntil("both sizes are applied", () => process.sizes.length === 2);
    process.exit(0);
    await ending;
    end.resolve();
    await new Promise(setImmediate);
    assert.deepEqual(process.sizes, [
      { columns: 80, rows: 24 },
      { columns: 132, rows: 50 },
    ]);
  });

  for (const [what, config, streams, code] of [
    ["a size that is none", TERMINAL, { resizes: pieces({ columns: 0, rows: 24 }) }, "EXEC_INVALID_SIZE"],
    ["a size without a terminal", RUNS, { resizes: pieces({ columns: 80, rows: 24 }) }, "EXEC_NOT_A_TTY"],
    ["input that nobody reads", RUNS, { input: pieces("lost") }, "EXEC_STDIN_NOT_ATTACHED"],
    ["a source of input that fails", READS, { input: failing() }, "EPIPE"],
    ["a source of sizes that fails", TERMINAL, { resizes: failing() }, "EPIPE"],
  ] as const) {
    it(`fails with ${what}, and stops the command`, async () => {
      await assert.rejects(exec(config, streams as ExecStreams), { code });
      assert.equal(world.machine.process().hasEnded, true);
    });
  }

  it("fails if its consumer of output does, and stops the command", async () => {
    const ending = exec(RUNS, { output: () => Promise.reject(new Error("no more")) });
    const process = await startedProcess();
    process.stdout?.write("out");
    await assert.rejects(ending, { message: "no more" });
    assert.equal(process.hasEnded, true);
  });

  it("fails if the command cannot be started", async () => {
    await assert.rejects(exec({ command: [CANNOT_START] }), { code: "EXEC_START_FAILED" });
  });

  it("fails if the session cannot be created", async () => {
    await assert.rejects(exec({ command: [] }), { code: "EXEC_INVALID_CONFIG" });
  });

  it("tells how its command ended if somebody removes the session meanwhile", async () => {
    const ending = exec(RUNS);
    const process = await startedProcess();
    await waitUntil("it runs", async () => (await world.manager.list({ state: "running" })).length === 1);
    const [session] = await world.manager.list();
    await world.manager.remove(session?.id ?? "", { force: true });
    const { exitCode, reason } = await ending;
    assert.deepEqual({ exitCode, reason }, { exitCode: 143, reason: "stopped" });
    assert.equal(process.hasEnded, true);
  });

  it("tells how its command ended even if somebody removes the ended session first", async () => {
    const { manager } = world;
    const service = {
      create: manager.create.bind(manager),
      startAndAttach: manager.startAndAttach.bind(manager),
      resize: manager.resize.bind(manager),
      wait: async (id: string) => {
        await manager.remove(id);
        return manager.wait(id);
      },
      remove: async (id: string) => {
        await manager.remove(id);
        await manager.remove(id);
      },
    };
    const ending = runExec(service, world.target("c1"), RUNS, {});
    (await startedProcess()).exit(5);
    assert.equal((await ending).exitCode, 5);
  });
});

function textOf(chunk: OutputChunk): string {
  return chunk.kind === "data" ? `${chunk.stream} ${chunk.data}` : "gap";
}

function sizeOf(chunk: OutputChunk): number {
  return chunk.kind === "data" ? chunk.data.length : 0;
}

async function* pieces<T>(...values: T[]): AsyncGenerator<T extends string ? Buffer : T> {
  for (const value of values) {
    yield (typeof value === "string" ? Buffer.from(value) : value) as T extends string ? Buffer : T;
  }
}

/** A source without end, which tells when its reader has left it. */
function unlimited(text: string): {
  readonly source: AsyncIterable<Buffer>;
  readonly isReturned: () => boolean;
} {
  let isReturned = false;
  async function* source() {
    try {
      for (;;) {
        yield Buffer.from(text);
        await new Promise(setImmediate);
      }
    } finally {
      isReturned = true;
    }
  }
  return { source: source(), isReturned: () => isReturned };
}

function failing(): AsyncIterable<never> {
  const next = () => Promise.reject(Object.assign(new Error("the source is gone"), { code: "EPIPE" }));
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
