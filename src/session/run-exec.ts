import type { ExecConfigInput } from "./exec-config.ts";
import type { ContainerRef, EndRecord } from "./exec-session.ts";
import { isSessionError } from "./session-error.ts";
import type { Attachment, ExecStreams, SessionService } from "./session-service.ts";

/** The verbs that an all-in-one exec is made of. */
type ExecVerbs = Pick<SessionService, "create" | "startAndAttach" | "resize" | "remove" | "wait">;

/** Creates, starts, attaches, waits and removes; whatever happens, no session is left. */
export async function runExec(
  service: ExecVerbs,
  target: ContainerRef,
  config: ExecConfigInput,
  streams: ExecStreams,
): Promise<EndRecord> {
  const { id } = await service.create(target, config);
  try {
    const attachment = await service.startAndAttach(id, { consumer: CONSUMER });
    try {
      return await runAttached(service, attachment, streams);
    } finally {
      attachment.close({ forget: true });
    }
  } finally {
    await removeIfThere(service, id);
  }
}

async function runAttached(
  service: ExecVerbs,
  attachment: Attachment,
  streams: ExecStreams,
): Promise<EndRecord> {
  const { sessionId } = attachment;
  await Promise.race([
    readOutput(attachment, streams.output),
    feedInput(attachment, streams.input),
    applySizes(service, sessionId, streams.resizes),
  ]);
  // The attachment still knows the end when somebody has removed the session meanwhile.
  const ended = await attachment.ended;
  return ended.kind === "ended" ? ended.end : await service.wait(sessionId);
}

/** Without a registered consumer all output counts as unread, and meets the limits however fast it is read. */
const CONSUMER = "exec";

async function readOutput(attachment: Attachment, output: ExecStreams["output"]): Promise<void> {
  for await (const chunk of attachment) {
    await output?.(chunk);
    attachment.advance(chunk.offset + (chunk.kind === "data" ? chunk.data.length : chunk.bytes));
  }
}

function feedInput(attachment: Attachment, input: ExecStreams["input"]): Promise<never> {
  return sideStream(async () => {
    if (input !== undefined) for await (const chunk of input) await attachment.write(chunk);
    await attachment.endInput();
  });
}

function applySizes(service: ExecVerbs, id: string, sizes: ExecStreams["resizes"]): Promise<never> {
  return sideStream(async () => {
    if (sizes !== undefined) for await (const size of sizes) await service.resize(id, size);
  });
}

/**
 * Runs beside the output; its only news is its failure. That the command ended, or closed its input, before it had read
 * all is none.
 */
function sideStream(run: () => Promise<void>): Promise<never> {
  return new Promise((_resolve, reject) => {
    run().catch((error) => {
      const isOver = isSessionError(error) && ENDED_CODES.has(error.code);
      if (!isOver) reject(error);
    });
  });
}

const ENDED_CODES: ReadonlySet<string> = new Set([
  "EXEC_STDIN_CLOSED",
  "EXEC_WRONG_STATE",
  "EXEC_SESSION_NOT_FOUND",
]);

async function removeIfThere(service: ExecVerbs, id: string): Promise<void> {
  try {
    await service.remove(id, { force: true });
  } catch (error) {
    // Somebody else was faster, which is as good.
    if (!isSessionError(error) || error.code !== "EXEC_SESSION_NOT_FOUND") throw error;
  }
}
