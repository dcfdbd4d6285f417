import type { Duplex, Writable } from "node:stream";
import { frameHeader } from "../api/frame.ts";
import type { OutputChunk, OutputStream } from "../session/output-log.ts";
import { errorText } from "../session/session-error.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment } from "../session/session-service.ts";
import type { Caller } from "./api-route.ts";
import { waitUntilDrained } from "./drained.ts";
import { type Exchange, takeOver } from "./exchange.ts";
import { carryInput } from "./stdin-stream.ts";

const RAW_STREAM = "application/vnd.docker.raw-stream";
const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";
/** Older clients know the raw type only, whatever the stream holds. */
const FIRST_VERSION_WITH_MULTIPLEXED_TYPE = [1, 42] as const;

/** A connection on which a session's streams go as Docker's clients expect them. */
export interface DockerStream {
  readonly session: SessionInspect;
  readonly output: Writable;
  /** Undefined: the connection was not upgraded, so no input comes over it. */
  readonly input: Duplex | undefined;
}

/** Begins the answer: the connection itself after an upgrade to `tcp`, else an HTTP body without a known end. */
export function openDockerStream(exchange: Exchange, from: Caller, session: SessionInspect): DockerStream {
  const type = isTypedMultiplexed(from, session) ? MULTIPLEXED_STREAM : RAW_STREAM;
  const { response, upgrade } = exchange;
  if (upgrade?.protocol === "tcp") {
    const socket = takeOver(exchange, upgrade, { "Content-Type": type });
    return { session, output: socket, input: socket };
  }
  response.setHeader("Content-Type", type);
  response.flushHeaders();
  return { session, output: response, input: undefined };
}

export interface CarryOptions {
  /** Whether the attachment's consumer stays registered when the client leaves. */
  readonly isKept: boolean;
  readonly report: (sentence: string) => void;
}

/** Carries output to the client and input from it until the session ends or the client leaves; the session goes on then. */
export async function carryAttachment(
  stream: DockerStream,
  attachment: Attachment,
  { isKept, report }: CarryOptions,
): Promise<void> {
  const { output, input, session } = stream;
  const leave = () => attachment.close({ forget: !isKept });
  output.once("close", leave);
  if (input !== undefined) carryInput(input, attachment, session);
  try {
    for await (const chunk of attachment) {
      if (output.destroyed) break;
      writeChunk(stream, chunk);
      if (output.writableNeedDrain) await waitUntilDrained(output);
      attachment.advance(endOf(chunk));
    }
  } catch (error) {
    report(`The output of session ${session.ID} could not be sent on: ${errorText(error)}`);
    output.destroy();
    return;
  } finally {
    leave();
  }
  output.end();
}

/** Says in the output, as Docker does, why the command could not be run. */
export function tellFailure(stream: DockerStream, sentence: string): void {
  writeNote(stream, sentence);
  stream.output.end();
}

function writeChunk(stream: DockerStream, chunk: OutputChunk): void {
  if (chunk.kind === "gap") {
    writeNote(stream, `exec-sessions: ${chunk.bytes} bytes of output are no longer kept`);
  } else {
    writeBytes(stream, chunk.stream, chunk.data);
  }
}

/** Something that the command did not write. A terminal's lines end with a carriage return too. */
function writeNote(stream: DockerStream, text: string): void {
  const lineEnd = stream.session.ProcessConfig.tty ? "\r\n" : "\n";
  writeBytes(stream, "stderr", Buffer.from(`${text}${lineEnd}`));
}

function writeBytes({ output, session }: DockerStream, name: OutputStream, data: Buffer): void {
  if (session.ProcessConfig.tty) {
    output.write(data);
    return;
  }
  output.cork();
  output.write(frameHeader(name, data.length));
  output.write(data);
  output.uncork();
}

function endOf(chunk: OutputChunk): number {
  return chunk.offset + (chunk.kind === "data" ? chunk.data.length : chunk.bytes);
}

function isTypedMultiplexed({ dockerVersion, isPodman }: Caller, { ProcessConfig }: SessionInspect): boolean {
  if (ProcessConfig.tty) return false;
  if (dockerVersion === undefined || isPodman) return true;
  const [major = 0, minor = 0] = dockerVersion.split(".").map(Number);
  const [firstMajor, firstMinor] = FIRST_VERSION_WITH_MULTIPLEXED_TYPE;
  return major > firstMajor || (major === firstMajor && minor >= firstMinor);
}
