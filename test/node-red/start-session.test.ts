import assert from "node:assert/strict";
import { createStreamCursor } from "../../src/node-red/output-pieces.ts";
import { MemoryResumeRegistry, type ResumeEntry } from "../../src/node-red/resume-registry.ts";
import { resumeSession } from "../../src/node-red/start-session.ts";
import { ExecFlow } from "../support/exec-flow.ts";

describe("start-session", () => {
  let flow: ExecFlow;

  beforeEach(async () => {
    flow = await ExecFlow.open({ start: { mode: "detached" } });
  });

  afterEach(() => flow.close());

  const entryOf = (sessionId: string): ResumeEntry => ({
    nodeId: "start",
    sessionId,
    service: flow.choice,
    onDelete: "keep",
    message: {},
    position: 3,
    streams: { stdout: createStreamCursor(), stderr: createStreamCursor() },
  });

  it("a session is resumed at the byte where it was left, also after its end", async () => {
    const { sessionId } = await flow.create({ command: ["printf", "one, two"] });
    flow.send("start", { sessionId });
    await flow.message("end");
    const registry = new MemoryResumeRegistry();
    const { attachment } = await resumeSession(flow.runtime.RED, registry, entryOf(String(sessionId)));
    const told: string[] = [];
    for await (const chunk of attachment) if (chunk.kind === "data") told.push(chunk.data.toString());
    assert.equal(told.join(""), ", two");
    assert.equal((await attachment.ended).kind, "ended");
  });

  it("a session that has been removed meanwhile is an error, and is forgotten", async () => {
    const registry = new MemoryResumeRegistry();
    const entry = entryOf("0123456789abcdef".repeat(4));
    registry.save(entry);
    await assert.rejects(resumeSession(flow.runtime.RED, registry, entry), {
      code: "EXEC_SESSION_NOT_FOUND",
    });
    assert.deepEqual(registry.entriesOf("start"), []);
  });

  it("a session whose service cannot be opened now is an error, and is not forgotten", async () => {
    const registry = new MemoryResumeRegistry();
    const entry = {
      ...entryOf("0123456789abcdef".repeat(4)),
      service: { ...flow.choice, stateDir: "/dev/null/state" },
    };
    registry.save(entry);
    await assert.rejects(resumeSession(flow.runtime.RED, registry, entry), {
      code: "EXEC_STATE_DIR_UNUSABLE",
    });
    assert.deepEqual(registry.entriesOf("start"), [entry]);
  });
});
