import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { NodeAPI, NodeMessage } from "node-red";
import { isHostTrouble } from "../../src/node-red/host-trouble.ts";
import { createStreamCursor, type PieceRule } from "../../src/node-red/output-pieces.ts";
import { MemoryResumeRegistry, type ResumeEntry } from "../../src/node-red/resume-registry.ts";
import { SessionDelivery } from "../../src/node-red/session-delivery.ts";
import { SessionMessages } from "../../src/node-red/session-message.ts";
import { MIN_OUTPUT_BYTES } from "../../src/session/exec-config.ts";
import type { OutputChunk, OutputStream } from "../../src/session/output-log.ts";
import { SessionError } from "../../src/session/session-error.ts";
import { inspectSession } from "../../src/session/session-inspect.ts";
import type { Attachment, AttachmentEnd, SessionService } from "../../src/session/session-service.ts";
import { EXITED } from "../support/sample-end.ts";
import { sampleSession } from "../support/sample-session.ts";

const require = createRequire(import.meta.url);
const RED = { util: require("@node-red/util").util } as NodeAPI;
const session = {
  ...inspectSession(sampleSession(), sampleSession().output),
  outputLimits: { maxBytes: MIN_OUTPUT_BYTES, replayBytes: 0, policy: "block" as const },
};
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
  function deliver(
    chunks: readonly OutputChunk[],
    end: AttachmentEnd,
    {
      stderrFrom = 0,
      hasArrived = () => true,
      onSend = () => {},
    }: {
      readonly stderrFrom?: number;
      readonly hasArrived?: () => boolean;
      readonly onSend?: (delivery: SessionDelivery) => void;
    } = {},
  ) {
    const registry = new MemoryResumeRegistry();
    const attachment = new ScriptedAttachment(chunks, end);
    const entry: ResumeEntry = {
      nodeId: "start",
      sessionId: session.ID,
      service: { stateDir: "/nowhere", host: "inside", orphans: "keep" },
      onDelete: "keep",
      message: {},
      position: 0,
      streams: { stdout: createStreamCursor(), stderr: { ...createStreamCursor(), from: stderrFrom } },
    };
    const sent: (NodeMessage | NodeMessage[] | null)[][] = [];
    /** At each message, how far a later process would say that delivery has come; undefined: that all is over. */
    const remembered: (number | undefined)[] = [];
    const delivery: SessionDelivery = new SessionDelivery({
      entry,
      attachment,
      service: goneService,
      session,
      messages: new SessionMessages(RED, {}, session, LINES),
      rule: LINES,
      registry,
      send: (messages) => {
        sent.push(messages as (NodeMessage | NodeMessage[] | null)[]);
        remembered.push(registry.entriesOf("start")[0]?.position);
        onSend(delivery);
      },
      watchReceivers: () => hasArrived,
      pause: () => undefined,
      onGap: () => {},
    });
    const run = async () => {
      const outcome = await delivery.run();
      assert.ok(outcome !== undefined && outcome !== "again");
      return outcome;
    };
    return { delivery, run, attachment, registry, sent, remembered };
  }

  const output =
    (stream: OutputStream) =>
    (offset: number, text: string): OutputChunk => ({
      kind: "data",
      stream,
      offset,
      data: Buffer.from(text),
    });
  const data = output("stdout");
  const stderr = output("stderr");
  const payloadsOf = (messages: NodeMessage | NodeMessage[] | null | undefined) =>
    [messages ?? []].flat().map(({ payload }) => payload);

  it("the end of a session whose output was deleted while it was read is told, with what is missing said", async () => {
    const { run, sent, registry } = deliver([data(0, "a\n")], { kind: "removed", end: EXITED });
    const { rc, session } = await run();
    assert.equal(rc.removed, true);
    assert.deepEqual([session.state, session.ExitCode], ["stopped", 0]);
    assert.equal(sent.length, 2);
    assert.deepEqual(await registry.entriesOf("start"), []);
  });

  it("the end of a session that was removed after all of its output had been read is told as any other", async () => {
    const { run } = deliver([data(0, "a\n")], { kind: "ended", end: EXITED });
    assert.equal((await run()).rc.removed, undefined);
  });

  it("a session that was removed before it ran is an error, and is forgotten", async () => {
    const { delivery, registry } = deliver([], { kind: "removed", end: null });
    await assert.rejects(delivery.run(), { code: "EXEC_SESSION_NOT_FOUND" });
    assert.deepEqual(await registry.entriesOf("start"), []);
  });

  it("what waits for the rest of its line is not acknowledged, unless it is half of the smallest log", async () => {
    const long = "x".repeat(40 * 1024);
    const { delivery, attachment } = deliver([data(0, "one\ntw"), data(6, "o\n"), data(8, long)], {
      kind: "ended",
      end: EXITED,
    });
    await delivery.run();
    assert.deepEqual(attachment.advanced.slice(0, 3), [4, 8, 8 + 8 * 1024]);
  });

  it("detached, it sends nothing more and leaves the session to be resumed", async () => {
    const { delivery, attachment, registry, sent } = deliver([data(0, "a\n")], {
      kind: "ended",
      end: EXITED,
    });
    delivery.detach();
    assert.equal(await delivery.run(), undefined);
    assert.deepEqual(sent, []);
    assert.deepEqual(attachment.closed, [undefined]);
    assert.equal(registry.entriesOf("start").length, 1);
  });

  it("what has been sent counts as delivered only once it has arrived, and so does the end", async () => {
    const { run, remembered, registry } = deliver([data(0, "a\n"), data(2, "b\n")], {
      kind: "ended",
      end: EXITED,
    });
    await run();
    assert.deepEqual(remembered, [0, 0, 4]);
    assert.deepEqual(registry.entriesOf("start"), []);
  });

  it("what a deploy has dropped on its way is to be delivered again, and nothing is sent after it", async () => {
    let isOpen = true;
    const { delivery, sent, attachment, registry } = deliver(
      [data(0, "a\n"), data(2, "b\n")],
      { kind: "ended", end: EXITED },
      { hasArrived: () => isOpen },
    );
    const outcome = delivery.run();
    isOpen = false;
    assert.equal(await outcome, "again");
    assert.equal(sent.length, 2);
    assert.equal(registry.entriesOf("start")[0]?.position, 0);
    assert.deepEqual(attachment.advanced, []);
  });

  it("an end that was dropped on its way is told again, by this life of the node or by the next", async () => {
    for (const [onSend, outcome] of [
      [() => {}, "again"],
      [(delivery: SessionDelivery) => delivery.detach(), undefined],
    ] as const) {
      const { delivery, sent, registry } = deliver(
        [],
        { kind: "ended", end: EXITED },
        { hasArrived: () => false, onSend },
      );
      assert.equal(await delivery.run(), outcome);
      assert.equal(sent.length, 1);
      assert.equal(registry.entriesOf("start").length, 1);
    }
  });

  it("what arrives after the node has been closed is not delivered again", async () => {
    const { delivery, registry } = deliver(
      [data(0, "a\n"), data(2, "b\n")],
      { kind: "ended", end: EXITED },
      { onSend: (own) => own.detach() },
    );
    assert.equal(await delivery.run(), undefined);
    assert.equal(registry.entriesOf("start")[0]?.position, 2);
  });

  it("whose service is closed under it is an error after which it can be resumed", async () => {
    const { delivery, registry } = deliver([data(0, "a\n")], { kind: "detached", by: "close" });
    await assert.rejects(delivery.run(), isHostTrouble);
    assert.equal(registry.entriesOf("start")[0]?.position, 2);
  });

  it("sends nothing of a stream again that an earlier process has sent, and all of the other", async () => {
    const chunks = [data(4, "x\n"), stderr(6, "old\n"), data(10, "y\n"), stderr(12, "half|new\n")];
    const { delivery, sent } = deliver(chunks, { kind: "ended", end: EXITED }, { stderrFrom: 17 });
    await delivery.run();
    const told = sent.slice(0, -1).map(([out, err]) => [payloadsOf(out), payloadsOf(err)]);
    assert.deepEqual(told, [
      [["x"], []],
      [["y"], []],
      [[], ["new"]],
    ]);
  });
});
