import type { EndReason, EndRecord } from "../session/exec-session.ts";
import type { AttachmentEnd } from "../session/session-service.ts";
import { reportNotice } from "./failure.ts";
import { FAILURE_EXIT_CODE } from "./failure-exit-code.ts";
import { shortId, showEnd } from "./show-session.ts";
import { writeJsonLine } from "./write-output.ts";

/** Passes on how a session ended: the command's exit code becomes this process's. */
export async function passOnEnd(id: string, end: AttachmentEnd, json: boolean): Promise<void> {
  if (json) await writeJsonLine(end);
  switch (end.kind) {
    case "ended":
      return passOnExitCode(id, end.end);
    case "removed":
      reportNotice(`Session ${shortId(id)} has been removed.`);
      return passOnExitCode(id, end.end);
    case "detached":
      reportNotice(`Detached; session ${shortId(id)} goes on.`);
  }
}

/** Ends that whoever waited has not brought about and cannot tell from the exit code. */
const SURPRISES: ReadonlySet<EndReason> = new Set(["timeout", "outputLimit", "containerStopped", "lost"]);

/** Of a command whose exit code nobody knows this process has none either. */
function passOnExitCode(id: string, end: EndRecord | null): void {
  if (end?.startError) reportNotice(end.startError.text);
  const isSurprise = end !== null && (end.exitCode === null || SURPRISES.has(end.reason));
  if (isSurprise) reportNotice(`Session ${shortId(id)} has ended: ${showEnd(end)}.`);
  process.exitCode = end?.exitCode ?? FAILURE_EXIT_CODE;
}
