import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { MULTIPLEXED_STREAM, RAW_STREAM } from "../api/docker-bodies.ts";
import type { OutputChunk } from "../session/output-log.ts";
import { errorText } from "../session/session-error.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment } from "../session/session-service.ts";
import { type Caller, ownExchange } from "./api-route.ts";
import { takeOver } from "./exchange.ts";
import { type SentOutput, sendOutput } from "./send-output.ts";
import { carryInput } from "./stdin-stream.ts";

/** Older clients know the raw type only, whatever the stream holds. */
const FIRST_VERSION_WITH_MULTIPLEXED_TYPE = [1, 42] as const;
/** Podman's clients lose output that arrives together with the head; Podman's own service takes longer to start a command. */
const PODMAN_HEAD_START_MS = 30;

/** A connection on which a session's streams go as Docker's clients expect them. */
export interface DockerStream {
  readonly session: SessionInspect;
  readonly socket: Duplex;
  /** How long the client needs to take in the answer's head. */
  readonly headStartMs: number;
}

/** Begins the answer. */
export function openDockerStream(from: Caller, session: SessionInspect): DockerStream {
  const exchange = ownExchange(from);
  const type = isTypedMultiplexed(from, session) ? MULTIPLEXED_STREAM : RAW_STREAM;
  const socket = takeOver(exchange, { "Content-Type": type });
  const isHasty = from.isPodman && exchange.upgrade === undefined;
  return { session, socket, headStartMs: isHasty ? PODMAN_HEAD_START_MS : 0 };
}

export interface CarryOptions {
  /**
   * What becomes of the attachment when the client leaves. `close`, `keep`: it ends, and its consumer is forgotten or kept.
   * `drain`: it goes on without anybody, so that a command that is held back for its reader is not held back for ever.
   */
  readonly onLeave: "close" | "keep" | "drain";
  readonly report: (sentence: string) => void;
}

/** Carries output to the client and input from it until the session ends or the client leaves; the session goes on then. */
export async function carryAttachment(
  stream: DockerStream,
  attachment: Attachment,
  { onLeave, report }: CarryOptions,
): Promise<void> {
  const { socket, session } = stream;
  const leave = () => attachment.close({ forget: onLeave !== "keep" });
  if (onLeave !== "drain") socket.once("close", leave);
  carryInput(socket, attachment, session);
  await letHeadArrive(stream);
  try {
    for await (const chunk of attachment) {
      if (!socket.destroyed) await sendChunk(stream, chunk);
      attachment.advance(endOf(chunk));
    }
    socket.end();
  } catch (error) {
    report(`The output of session ${session.ID} could not be sent on: ${errorText(error)}`);
    socket.destroy();
  } finally {
    leave();
  }
}

/** Says in the output, as Docker does, why the command could not be run. */
export async function tellFailure(stream: DockerStream, sentence: string): Promise<void> {
  // Input for the command that does not run.
  stream.socket.resume();
  await letHeadArrive(stream);
  void sendNote(stream, sentence);
  stream.socket.end();
}

async function letHeadArrive({ headStartMs }: DockerStream): Promise<void> {
  if (headStartMs > 0) await setTimeout(headStartMs);
}

/** Resolves when the chunk's bytes are not needed any more. */
function sendChunk(stream: DockerStream, chunk: OutputChunk): Promise<void> | undefined {
  return chunk.kind === "gap"
    ? sendNote(stream, `exec-sessions: ${chunk.bytes} bytes of output are no longer kept`)
    : sendData(stream, chunk);
}

/** Something that the command did not write. A terminal's lines end with a carriage return too. */
function sendNote(stream: DockerStream, text: string): Promise<void> | undefined {
  const lineEnd = stream.session.ProcessConfig.tty ? "\r\n" : "\n";
  return sendData(stream, { stream: "stderr", data: Buffer.from(`${text}${lineEnd}`) });
}

/** A terminal's output has no frames. */
function sendData(
  { socket, session }: DockerStream,
  { stream, data }: Required<SentOutput>,
): Promise<void> | undefined {
  return sendOutput(socket, session.ProcessConfig.tty ? { data } : { stream, data });
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
