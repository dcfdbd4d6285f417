import { randomUUID } from "node:crypto";
import { ATTACH_PROTOCOL, SESSION_ID_HEADER } from "../api/attach-protocol.ts";
import { sessionCalls } from "../api/session-calls.ts";
import { errorText, isSessionError } from "../session/session-error.ts";
import type { SessionInspect } from "../session/session-inspect.ts";
import type { Attachment, AttachOptions, SessionService } from "../session/session-service.ts";
import type { TerminalSize } from "../session/terminal-size.ts";
import { type Answer, type Caller, ownExchange, type Route, route } from "./api-route.ts";
import { toTerminalSize } from "./docker-exec.ts";
import { carryAttachment, openDockerStream, tellFailure } from "./docker-stream.ts";
import { takeOver } from "./exchange.ts";
import { serveAttachment } from "./framed-attachment.ts";
import type { RouteContext } from "./host-routes.ts";

/** The calls that answer with a session's output as it comes. */
export function streamRoutes({ service, report }: RouteContext): readonly Route[] {
  return [
    route(sessionCalls.startSession, async ({ parameters: { id }, query, body, from }) => {
      if (isFramed(from)) return framed(await service.startAndAttach(id, { ...query, borrow: true }), from);
      const size = toTerminalSize(body);
      if (body.Detach) {
        const session = await service.start(id);
        if (size !== undefined && session.config.tty) await resizeIfRunning(service, id, size);
        return { status: 200, ...(from.isOwnClient ? { json: session } : {}) };
      }
      ownExchange(from);
      const session = await service.inspect(id);
      const attachment = await startAndAttach(service, session, query);
      if (typeof attachment === "string") {
        return () => tellFailure(openDockerStream(from, session), attachment);
      }
      if (size !== undefined && session.ProcessConfig.tty) await resizeIfRunning(service, id, size);
      const onLeave = query.consumer === undefined ? "drain" : "keep";
      return () => carryAttachment(openDockerStream(from, session), attachment, { onLeave, report });
    }),
    route(sessionCalls.attachSession, async ({ parameters: { id }, query, from }) => {
      if (isFramed(from)) return framed(await service.attach(id, { ...query, borrow: true }), from);
      ownExchange(from);
      const session = await service.inspect(id);
      const attachment = await service.attach(id, withDockerHabits(session, query));
      const onLeave = query.consumer === undefined ? "close" : "keep";
      return () => carryAttachment(openDockerStream(from, session), attachment, { onLeave, report });
    }),
  ];
}

function isFramed({ exchange }: Caller): boolean {
  return exchange?.upgrade?.protocol === ATTACH_PROTOCOL;
}

function framed(attachment: Attachment, from: Caller): Answer {
  const exchange = ownExchange(from);
  return () => serveAttachment(takeOver(exchange, { [SESSION_ID_HEADER]: attachment.sessionId }), attachment);
}

/** Docker's clients learn of a command that cannot be run by a text in its output, and then by its exit code. */
async function startAndAttach(
  service: SessionService,
  session: SessionInspect,
  query: AttachOptions,
): Promise<Attachment | string> {
  try {
    return await service.startAndAttach(session.ID, withDockerHabits(session, query));
  } catch (error) {
    if (isSessionError(error) && error.code === "EXEC_START_FAILED") return errorText(error);
    throw error;
  }
}

/**
 * What Docker's clients expect without asking: detach keys with a terminal; and, as consumers of their own, that nothing
 * is dropped before they have read it.
 */
function withDockerHabits({ ProcessConfig, OpenStdin }: SessionInspect, query: AttachOptions): AttachOptions {
  return {
    interactive: ProcessConfig.tty && OpenStdin,
    borrow: true,
    ...(query.consumer === undefined ? { offset: 0, consumer: `stream-${randomUUID()}` } : {}),
    ...query,
  };
}

/** A session that has ended meanwhile has no terminal to resize. */
async function resizeIfRunning(service: SessionService, id: string, size: TerminalSize): Promise<void> {
  try {
    await service.resize(id, size);
  } catch (error) {
    if (!isSessionError(error) || error.code !== "EXEC_WRONG_STATE") throw error;
  }
}
