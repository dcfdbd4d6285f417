import type { NodeAPI } from "node-red";
import { isSessionError, SessionError } from "../session/session-error.ts";
import { isSessionId } from "../session/session-id.ts";
import { inspectSession, type SessionInspect } from "../session/session-inspect.ts";
import type { Attachment, SessionService } from "../session/session-service.ts";
import { containerSettings } from "./exec-container-node.ts";
import type { ExecStartDefinition } from "./exec-start-definition.ts";
import { FlowError } from "./flow-error.ts";
import { isHostTrouble, mayHaveBeenObeyed } from "./host-trouble.ts";
import { feedInput, type InputBytes, parseInput } from "./input-feed.ts";
import { createStreamCursor } from "./output-pieces.ts";
import type { ResumeEntry, ResumeRegistry } from "./resume-registry.ts";
import { evaluateSessionId } from "./session-id-field.ts";
import { openSessionService } from "./session-services.ts";
import { type Evaluation, evaluate } from "./typed-value.ts";

/** A session whose output and end are to be delivered. */
export interface Attached {
  readonly kind: "attached";
  readonly session: SessionInspect;
  readonly service: SessionService;
  readonly attachment: Attachment;
  readonly entry: ResumeEntry;
}

/** A session that was started and left to itself. */
export interface Detached {
  readonly kind: "detached";
  readonly session: SessionInspect;
}

/** A session that ended without its command having run. */
export interface FailedToStart {
  readonly kind: "failed";
  readonly session: SessionInspect;
  readonly error: unknown;
}

export type Started = Attached | Detached | FailedToStart;

export interface StartParts {
  readonly evaluation: Evaluation;
  readonly definition: ExecStartDefinition;
  readonly registry: ResumeRegistry;
  /** Goes on with a session whose service went away while it was being started. */
  readonly resume: (entry: ResumeEntry) => Promise<Attached>;
}

/** Starts the session that a message names, as the node says. */
export async function startSession(parts: StartParts): Promise<Started> {
  const { evaluation, definition } = parts;
  const { RED, node, message } = evaluation;
  const { sessionId: value, sessionIdType: type } = definition;
  const settings = containerSettings(RED, definition.container);
  const given = await evaluateSessionId(evaluation, { value, type });
  const input = await readInput(evaluation, definition);
  const service = await settings.openService();
  const id = await wholeId(service, given, input);
  try {
    const started =
      definition.mode === "detached"
        ? await startDetached(service, id)
        : await startAttached(parts, service, {
            nodeId: node.id,
            sessionId: id,
            service: settings.service(),
            onDelete: settings.onDelete(),
            message,
            position: 0,
            streams: { stdout: createStreamCursor(), stderr: createStreamCursor() },
          });
    if (input !== undefined) {
      // Goes on over a deploy, as the command does.
      feedInput(service, started.session.ID, input).catch((error) => node.warn(new FlowError(error)));
    }
    return started;
  } catch (error) {
    const session = await endedAtStart(service, id, error);
    if (session === undefined) throw error;
    return { kind: "failed", session, error };
  }
}

/** Goes on where an earlier life of the node, or its service, was interrupted. Throws EXEC_START_FAILED if it was never begun. */
export async function resumeSession(
  RED: NodeAPI,
  registry: ResumeRegistry,
  entry: ResumeEntry,
): Promise<Attached> {
  const service = await openSessionService(RED, entry.service);
  try {
    const attachment = await service.attach(entry.sessionId, {
      offset: entry.position,
      consumer: entry.nodeId,
      borrow: true,
    });
    const resumed = await attached(service, attachment, entry);
    if (resumed.session.state !== "created") return resumed;
    attachment.close({ forget: true });
    throw notStarted(entry.sessionId);
  } catch (error) {
    if (!isHostTrouble(error)) registry.remove(entry);
    throw error;
  }
}

function notStarted(sessionId: string): SessionError {
  return new SessionError(
    "EXEC_START_FAILED",
    `Session ${sessionId.slice(0, 12)} was not started, because Node-RED or the session host ended in that moment; it can be started again.`,
    { details: { sessionId } },
  );
}

async function readInput(
  evaluation: Evaluation,
  { input: value, inputType: type, endInput }: ExecStartDefinition,
): Promise<InputBytes | undefined> {
  if (type === "none") return undefined;
  return { bytes: parseInput(await evaluate(evaluation, "input", { value, type })), end: endInput };
}

/** The session's whole id; refused before the start if a mistake in the flow would leave its command without its input. */
async function wholeId(service: SessionService, id: string, input: InputBytes | undefined): Promise<string> {
  if (input === undefined && isSessionId(id)) return id;
  const { OpenStdin, ID } = await service.inspect(id);
  if (OpenStdin || input === undefined) return ID;
  throw new SessionError(
    "EXEC_STDIN_NOT_ATTACHED",
    `Session ${ID.slice(0, 12)} was created without standard input, so this node's input has nowhere to go.`,
    { details: { sessionId: ID } },
  );
}

async function startDetached(service: SessionService, id: string): Promise<Detached> {
  const session = await service.start(id);
  return { kind: "detached", session: inspectSession(session, session.output) };
}

/** Remembered before it is started, so that a crash in between finds it. */
async function startAttached(
  { registry, resume }: StartParts,
  service: SessionService,
  entry: ResumeEntry,
): Promise<Attached> {
  registry.add(entry);
  try {
    const attachment = await service.startAndAttach(entry.sessionId, {
      consumer: entry.nodeId,
      borrow: true,
    });
    return await attached(service, attachment, entry);
  } catch (error) {
    if (mayHaveBeenObeyed(error)) return resume(entry);
    registry.remove(entry);
    throw error;
  }
}

async function attached(
  service: SessionService,
  attachment: Attachment,
  entry: ResumeEntry,
): Promise<Attached> {
  try {
    const session = await service.inspect(attachment.sessionId);
    return { kind: "attached", session, service, attachment, entry };
  } catch (error) {
    attachment.close({ forget: true });
    throw error;
  }
}

/** The session, if the error is how its start ended. Undefined: the start was refused, and the session is as it was. */
async function endedAtStart(
  service: SessionService,
  id: string,
  error: unknown,
): Promise<SessionInspect | undefined> {
  if (isSessionError(error) && error.code === "EXEC_WRONG_STATE") return undefined;
  try {
    const session = await service.inspect(id);
    return session.end?.reason === "startFailed" ? session : undefined;
  } catch {
    // The error that the start itself gave says more.
    return undefined;
  }
}
