import assert from "node:assert/strict";
import { MemoryOutputLogs } from "../../src/output/memory-output-logs.ts";
import { DEFAULT_OUTPUT_MAX_BYTES } from "../../src/session/exec-config.ts";
import { NO_OUTPUT } from "../../src/session/exec-session.ts";
import { SessionOutput } from "../../src/session/session-output.ts";

describe("a session's output", () => {
  it("is opened again only when the log before has left word of its consumers", async () => {
    const observer = { onLimit: () => {}, onError: (error: Error) => assert.fail(error) };
    const limits = { maxBytes: DEFAULT_OUTPUT_MAX_BYTES, replayBytes: 0, policy: "dropOldest" } as const;
    const options = { bundle: "bundle", limits, observer };
    const output = new SessionOutput(new MemoryOutputLogs(), options, { totals: NO_OUTPUT, isNew: true });
    const log = await output.acquire();
    log.append("stdout", Buffer.from("0123456789"));
    log.register("flow", 4);
    await output.finish(log);
    void output.release();
    const next = await output.acquire();
    assert.equal(next.position("flow"), 4);
    next.advance("flow", 6);
    void output.release();
    await output.close();
    assert.equal((await output.acquire()).position("flow"), 6);
    await output.release();
  });

  it("that is deleted while it is being opened ends for its readers", async () => {
    const observer = { onLimit: () => {}, onError: (error: Error) => assert.fail(error) };
    const limits = { maxBytes: DEFAULT_OUTPUT_MAX_BYTES, replayBytes: 0, policy: "dropOldest" } as const;
    const options = { bundle: "bundle", limits, observer };
    const output = new SessionOutput(new MemoryOutputLogs(), options, { totals: NO_OUTPUT, isNew: true });
    const opening = output.acquire();
    await output.discard();
    for await (const _ of (await opening).read()) assert.fail("there is no output");
    await output.release();
  });
});
