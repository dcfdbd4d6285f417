import { dockerExecSchema } from "../api/docker-bodies.ts";
import { sessionCalls } from "../api/session-calls.ts";
import { toWireError } from "../api/wire-error.ts";
import type { ExecConfigInput } from "../session/exec-config.ts";
import { SessionError } from "../session/session-error.ts";
import { ownExchange, parseBody, type Route, route } from "./api-route.ts";
import { toExecConfig } from "./docker-exec.ts";
import { findTarget, findTargetOfSessions } from "./find-target.ts";
import type { RouteContext } from "./host-routes.ts";

/** The calls about sessions that are answered with a status and JSON. */
export function sessionRoutes({ service, containers }: RouteContext): readonly Route[] {
  return [
    route(sessionCalls.createSession, async ({ parameters, query, body }) => {
      const config = parseConfig(body);
      const target = await findTarget(containers, parameters.container, query);
      const session = await service.create(target, config);
      return { status: 201, json: { Id: session.id, Session: session } };
    }),
    route(sessionCalls.writeInput, async ({ parameters, query, from }) => {
      // Not destroyed when writing fails: the connection has an answer to carry.
      const pieces = ownExchange(from).request.iterator({ destroyOnReturn: false });
      for await (const piece of pieces) await service.write(parameters.id, piece);
      if (query.end) await service.endInput(parameters.id);
      return { status: 204 };
    }),
    route(sessionCalls.resizeSession, async ({ parameters, query, from }) => {
      await service.resize(parameters.id, { columns: toCells(query.w), rows: toCells(query.h) });
      return { status: from.isPodman ? 201 : 200 };
    }),
    route(sessionCalls.stopSession, async ({ parameters, query: { t, signal } }) => ({
      status: 200,
      json: await service.stop(parameters.id, {
        ...(t === undefined ? {} : { timeout: t }),
        ...(signal === undefined ? {} : { signal }),
      }),
    })),
    route(sessionCalls.killSession, async ({ parameters, query }) => {
      await service.kill(parameters.id, query.signal ?? "SIGKILL");
      return { status: 204 };
    }),
    route(sessionCalls.waitForSession, async ({ parameters, from }) => ({
      status: 200,
      json: await service.wait(parameters.id, { signal: from.gone }),
    })),
    route(sessionCalls.inspectSession, async ({ parameters }) => ({
      status: 200,
      json: await service.inspect(parameters.id),
    })),
    route(sessionCalls.listSessions, async ({ query }) => ({
      status: 200,
      json: await service.list(query.filters),
    })),
    route(sessionCalls.cleanupSession, async ({ parameters }) => {
      await service.cleanup(parameters.id);
      return { status: 204 };
    }),
    route(sessionCalls.removeSession, async ({ parameters, body }) => {
      await service.remove(parameters.id, { force: body.Force });
      return { status: 200 };
    }),
    route(sessionCalls.removeAllSessions, async ({ parameters, query }) => {
      const target = await findTargetOfSessions({ containers, service }, parameters.container, query);
      const { removed, failed } = await service.removeAll(target);
      const told = failed.map(({ id, error }) => ({ id, error: toWireError(error) }));
      return { status: 200, json: { removed, failed: told } };
    }),
  ];
}

/** `Cmd` is Docker's word for the command; any other body is in ours, and the service checks it. */
function parseConfig(body: Readonly<Record<string, unknown>>): ExecConfigInput {
  if ("Cmd" in body) return toExecConfig(parseBody(dockerExecSchema, body));
  if (Array.isArray(body.preserveFds) && body.preserveFds.length > 0) {
    throw new SessionError(
      "EXEC_INVALID_CONFIG",
      '"preserveFds" must be empty over the socket, because file descriptors belong to one process; name files in "extraFiles".',
      { details: { field: "preserveFds" } },
    );
  }
  return body as ExecConfigInput;
}

/** The service refuses what is no number of cells, with the right code. */
function toCells(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
