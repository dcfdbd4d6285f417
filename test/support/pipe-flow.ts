import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { FlowNode } from "./flow-runtime.ts";
import type { PipeWriter } from "./pipe-writer.ts";
import { createRandomSource } from "./random-bytes.ts";

const PIECE_BYTES = 16 * 1024;
const MIN_BYTES = 1024 * 1024;

/** Fields of nodes, by the node's id. */
export type Changes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The job under which messages are recorded. */
export const RECORDED_JOB = "job";

/** Has what reaches `stdout` and `end` written down in a folder, so that it is known also of a Node-RED that was killed. */
export function recordingIn(folder: string, fate: Readonly<Record<string, string>> = {}): Changes {
  const record = JSON.stringify({ folder, job: RECORDED_JOB, ...fate });
  return {
    inject: { props: [...PROPERTIES, { p: "record", v: record, vt: "json" }] },
    stdout: { type: "recorder", what: "chunk" },
    end: { type: "recorder", what: "end" },
  };
}

const PROPERTIES = [
  { p: "topic", v: "nightly", vt: "str" },
  { p: "job", v: '{"tables":["a","b"]}', vt: "json" },
];

/** A flow whose command prints what is written to a pipe: inject -> exec-create -> exec-start, with a probe behind each output. */
export function flowNodes(pipePath: string, changes: Changes): readonly FlowNode[] {
  const node = (id: string, type: string, fields: Readonly<Record<string, unknown>>): FlowNode => ({
    id,
    type,
    z: "tab",
    x: 1,
    y: 1,
    wires: [],
    ...fields,
    ...changes[id],
  });
  const probes = ["stdout", "stderr", "end", "completed", "errors", "found"];
  return [
    { id: "tab", type: "tab", label: "flow" },
    { id: "container", type: "exec-container", runtime: "local", ...changes.container },
    node("inject", "inject", {
      props: PROPERTIES,
      wires: [["create"]],
    }),
    node("create", "exec-create", {
      container: "container",
      args: [
        { value: "cat", type: "str" },
        { value: pipePath, type: "str" },
      ],
      wires: [["start"]],
    }),
    node("start", "exec-start", {
      container: "container",
      format: "buffer",
      wires: [["stdout"], ["stderr"], ["end"]],
    }),
    node("complete", "complete", { scope: ["start"], wires: [["completed"]] }),
    node("catch", "catch", { scope: null, wires: [["errors"]] }),
    ...probes.map((id) => node(id, "probe", {})),
  ];
}

/** Writes random bytes, at least a MiB of them, piece by piece, until told to stop; gives what it wrote. */
export async function writeUntil(pipe: PipeWriter, stop: AbortSignal): Promise<Buffer> {
  const nextBytes = createRandomSource();
  const written: Buffer[] = [];
  while (!stop.aborted || written.length * PIECE_BYTES < MIN_BYTES) {
    const piece = nextBytes(PIECE_BYTES);
    await pipe.write(piece);
    written.push(piece);
    await setImmediate();
  }
  await pipe.end();
  return Buffer.concat(written);
}

/** Where in the output a message says that its payload belongs. */
interface ToldPiece {
  readonly offset?: unknown;
  readonly payload?: unknown;
}

/** Puts pieces that may overlap, as after a crash, together by their offsets. Fails if a byte is missing, or was told in two ways. */
export function assemble(messages: readonly ToldPiece[]): Buffer {
  let whole = Buffer.alloc(0);
  for (const { offset, payload } of messages) {
    const [at, data] = [Number(offset), payload as Buffer];
    assert.ok(at <= whole.length, `bytes ${whole.length} to ${at} are missing`);
    const overlap = whole.subarray(at, at + data.length);
    assert.ok(
      overlap.equals(data.subarray(0, overlap.length)),
      `the bytes from ${at} on were told in two ways`,
    );
    whole = Buffer.concat([whole, data.subarray(overlap.length)]);
  }
  return whole;
}

/** Fails unless the messages carry all output from the first byte on, each byte once. */
export function assertConsecutive(messages: readonly Readonly<Record<string, unknown>>[]): void {
  let offset = 0;
  for (const [index, message] of messages.entries()) {
    assert.equal((message.parts as { index: number }).index, index);
    assert.equal(message.offset, offset);
    offset += (message.payload as Buffer).length;
  }
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
