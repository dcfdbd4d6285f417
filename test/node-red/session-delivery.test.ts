import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { NodeAPI, NodeMessage } from "node-red";
import { createStreamCursor, type PieceRule } from "../../src/node-red/output-pieces.ts";
import { MemoryResumeRegistry, type ResumeEntry } from "../../src/node-red/resume-registry.ts";
import { SessionDelivery } from "../../src/node-red/session-delivery.ts";
import { SessionMessages } from "../../src/node-red/session-message.ts";
import type { OutputChunk } from "../../src/session/output-log.ts";
import { SessionError } from "../../src/session/session-error.ts";
import { inspectSession } from "../../src/session/session-inspect.ts";
import type { Attachment, AttachmentEnd, SessionService } from "../../src/session/session-service.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";

const require = createRequire(import.meta.url);
const RED = { util: require("@node-red/util").util } as NodeAPI;
const session = inspectSession(sampleSession(), sampleSession().output);
const LINES: PieceRule = { unit: "line", isText: true, maxBytes: 1024 * 1024 };

/** An attachment that gives what a test lays down, and keeps what is asked of it. */
class ScriptedAttachment implements Attachment {
  readonly sessionId = session.ID;
  readonly ended: Promise<AttachmentEnd>;
  readonly advanced: number[] = [];
  readonly closed: (boolean | undefined)[] = [];
  readonly #chunks: readonly OutputChunk[];

  constructor(chunks: readonly OutputChunk[], end: AttachmentEnd) {
    this.#chunks = chunks;
    this.ended = Promise.resolve(end);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputChunk> {
    yield* this.#chunks;
  }

  async write(): Promise<void> {}
  async endInput(): Promise<void> {}

  advance(offset: number): void {
    this.advanced.push(offset);
  }

  close(options: { readonly forget?: boolean } = {}): void {
    this.closed.push(options.forget);
  }
}

/** A service that knows no session any more. */
const goneService = {
  inspect: () => Promise.reject(new SessionError("EXEC_SESSION_NOT_FOUND", "It has been removed.")),
} as unknown as SessionService;

describe("session-delivery", () => {
  function deliver(chunks: readonly OutputChunk[], end: AttachmentEnd) {
    const registry = new MemoryResumeRegistry();
    const attachment = new ScriptedAttachment(chunks, end);
    const entry: ResumeEntry = {
      nodeId: "start",
      sessionId: session.ID,
      stateDir: "/nowhere",
      message: {},
      position: 0,
      streams: { stdout: createStreamCursor(), stderr: createStreamCursor() },
    };
    const sent: (NodeMessage | NodeMessage[] | null)[][] = [];
    const delivery = new SessionDelivery({
      entry,
      attachment,
      service: goneService,
      session,
      messages: new SessionMessages(RED, {}, session, LINES),
      rule: LINES,
      registry,
      send: (messages) => sent.push(messages as (NodeMessage | NodeMessage[] | null)[]),
      pause: () => undefined,
      onGap: () => {},
    });
    return { delivery, attachment, registry, sent };
  }

  const data = (offset: number, text: string): OutputChunk => ({
    kind: "data",
    stream: "stdout",
    offset,
    data: Buffer.from(text),
  });

  it("the end of a session whose output was deleted while it was read is told, with what is missing said", async () => {
    const { delivery, sent, registry } = deliver([data(0, "a\n")], { kind: "removed", end: EXITED });
    const delivered = await delivery.run();
    assert.equal(delivered?.rc.removed, true);
    assert.deepEqual([delivered?.session.state, delivered?.session.ExitCode], ["stopped", 0]);
    assert.equal(sent.length, 2);
    assert.deepEqual(await registry.entriesOf("start"), []);
  });

  it("the end of a session that was removed after all of its output had been read is told as any other", async () => {
    const { delivery } = deliver([data(0, "a\n")], { kind: "ended", end: EXITED });
    assert.equal((await delivery.run())?.rc.removed, undefined);
  });

  it("a session that was removed before it ran is an error, and is forgotten", async () => {
    const { delivery, registry } = deliver([], { kind: "removed", end: null });
    await assert.rejects(delivery.run(), { code: "EXEC_SESSION_NOT_FOUND" });
    assert.deepEqual(await registry.entriesOf("start"), []);
  });

  it("a service that closes leaves the session to be resumed", async () => {
    const { delivery, registry, sent } = deliver([data(0, "a\nb")], { kind: "detached", by: "close" });
    assert.equal(await delivery.run(), undefined);
    assert.equal(sent.length, 1);
    const [entry] = await registry.entriesOf("start");
    assert.equal(entry?.position, 3);
    assert.equal(entry?.streams.stdout.pending[0]?.data.toString(), "b");
  });

  it("what waits for the rest of its line is not acknowledged, unless it is half of the smallest log", async () => {
    const long = "x".repeat(40 * 1024);
    const { delivery, attachment } = deliver([data(0, "one\ntw"), data(6, "o\n"), data(8, long)], {
      kind: "ended",
      end: EXITED,
    });
    await delivery.run();
    assert.deepEqual(attachment.advanced, [4, 8, 8 + 8 * 1024]);
  });

  it("detached, it sends nothing more and leaves the session to be resumed", async () => {
    const { delivery, attachment, registry, sent } = deliver([data(0, "a\n")], {
      kind: "ended",
      end: EXITED,
    });
    delivery.detach({ forget: false });
    assert.equal(await delivery.run(), undefined);
    assert.deepEqual(sent, []);
    assert.deepEqual(attachment.closed, [false]);
    assert.equal((await registry.entriesOf("start")).length, 1);
  });

  it("detached for good, it is forgotten, and its output is no longer kept for the node", async () => {
    const { delivery, attachment, registry } = deliver([data(0, "a\n")], { kind: "ended", end: EXITED });
    delivery.detach({ forget: true });
    assert.equal(await delivery.run(), undefined);
    assert.deepEqual(attachment.closed, [true]);
    assert.deepEqual(await registry.entriesOf("start"), []);
  });
});
