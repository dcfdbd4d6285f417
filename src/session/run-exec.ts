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
    const attachment = await service.startAndAttach(id);
    const input = feedInput(attachment, streams.input);
    const sizes = applySizes(service, id, streams.resizes);
    await Promise.race([readOutput(attachment, streams.output), input.failed, sizes.failed]);
    return await service.wait(id);
  } finally {
    await service.remove(id, { force: true });
  }
}

/** A side stream whose only news is its failure. */
interface SideStream {
  readonly failed: Promise<never>;
}

function feedInput(attachment: Attachment, input: AsyncIterable<Uint8Array> | undefined): SideStream {
  return sideStream(async () => {
    if (input !== undefined) for await (const chunk of input) await attachment.write(chunk);
    await attachment.endInput();
  });
}

function applySizes(service: ExecVerbs, id: string, sizes: ExecStreams["resizes"]): SideStream {
  return sideStream(async () => {
    if (sizes !== undefined) for await (const size of sizes) await service.resize(id, size);
  });
}

async function readOutput(attachment: Attachment, output: ExecStreams["output"]): Promise<void> {
  for await (const chunk of attachment) await output?.(chunk);
}

/** Runs beside the output. That the command ended, or closed its input, before it had read all is no failure. */
function sideStream(run: () => Promise<void>): SideStream {
  const failed = new Promise<never>((_resolve, reject) => {
    run().catch((error) => {
      const isOver = isSessionError(error) && ENDED_CODES.has(error.code);
      if (!isOver) reject(error);
    });
  });
  // Also without a reader by then: the race is over once the output has ended.
  failed.catch(() => {});
  return { failed };
}

const ENDED_CODES: ReadonlySet<string> = new Set([
  "EXEC_STDIN_CLOSED",
  "EXEC_WRONG_STATE",
  "EXEC_SESSION_NOT_FOUND",
]);
